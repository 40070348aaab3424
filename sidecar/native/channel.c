/* The socket to the daemon: requests come in, replies are gathered and go out together. */
#include "helper.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int channel = -1;
static bool broken;

static uint8_t incoming[4 + MAX_FRAME];
static size_t received;

static uint8_t outgoing[4 * CHUNK];
static size_t pending;

void channel_init(int fd) { channel = fd; }

void put_u32(uint8_t *to, uint32_t value) { memcpy(to, &value, sizeof value); }
void put_u64(uint8_t *to, uint64_t value) { memcpy(to, &value, sizeof value); }

/* Waits for the daemon, which always reads: the windows bound what may be under way. */
void channel_flush(void) {
  size_t sent = 0;
  while (sent < pending && !broken) {
    ssize_t length = send(channel, outgoing + sent, pending - sent, MSG_NOSIGNAL);
    if (length >= 0) sent += (size_t)length;
    else if (errno != EINTR) broken = true;
  }
  pending = 0;
}

/* Where the payload of the next reply is written, before reply_send. */
uint8_t *reply_room(size_t payload) {
  if (sizeof outgoing - pending < HEADER + payload) channel_flush();
  return outgoing + pending + HEADER;
}

void reply_send(enum reply_type type, uint32_t id, size_t payload) {
  uint8_t *header = outgoing + pending;
  put_u32(header, (uint32_t)(HEADER - 4 + payload));
  header[4] = (uint8_t)type;
  put_u32(header + 5, id);
  pending += HEADER + payload;
}

void reply_empty(enum reply_type type, uint32_t id) {
  reply_room(0);
  reply_send(type, id, 0);
}

void reply_u32(enum reply_type type, uint32_t id, uint32_t value) {
  put_u32(reply_room(4), value);
  reply_send(type, id, 4);
}

/* Handles the frames that are complete and keeps the rest. */
static bool take_frames(bool (*handle)(const struct request *)) {
  size_t at = 0;
  while (received - at >= 4) {
    uint32_t length;
    memcpy(&length, incoming + at, sizeof length);
    if (length > MAX_FRAME) return false;
    if (received - at - 4 < length) break;
    struct request request;
    if (!parse_request(incoming + at + 4, length, &request) || !handle(&request)) return false;
    at += 4 + length;
  }
  memmove(incoming, incoming + at, received - at);
  received -= at;
  return true;
}

bool channel_receive(bool (*handle)(const struct request *), int *status) {
  ssize_t length = recv(channel, incoming + received, sizeof incoming - received, MSG_DONTWAIT);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (length <= 0) return false;
  received += (size_t)length;
  if (take_frames(handle)) return true;
  fprintf(stderr, "session-helper: the daemon sent a frame that is not of protocol %d\n", PROTOCOL_VERSION);
  *status = STATUS_PROTOCOL;
  return false;
}
