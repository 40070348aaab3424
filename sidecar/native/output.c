/* Reads what commands write, as far as the daemon takes it. */
#include "command.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A pipe is watched only while its bytes have somewhere to go, as a full pipe would wake the loop for ever. */
void stream_poll(struct command *command, uint32_t which) {
  struct stream *stream = &command->streams[which];
  bool wanted = stream->fd >= 0 && (stream->cap == 0 || stream->window > 0);
  if (stream->fd >= 0 && wanted != stream->polled) {
    watch(wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, stream->fd, EPOLLIN, command->slot, which);
  }
  stream->polled = wanted;
}

/* What a background process writes later goes nowhere, and does not end it by SIGPIPE. */
static void leave_behind(struct stream *stream) {
  watch(stream->polled ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, stream->fd, EPOLLIN, (uint32_t)stream->fd, LEFT_BEHIND);
  stream->fd = -1;
}

void drain_left_behind(int fd) {
  static uint8_t scrap[CHUNK];
  ssize_t length = read(fd, scrap, sizeof scrap);
  if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) close(fd);
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* How many bytes one read may take: beyond the cap any number, as they are dropped. */
static uint64_t wanted_bytes(const struct stream *stream) {
  uint64_t wanted = stream->cap == 0 ? CHUNK : least(CHUNK, least(stream->window, stream->cap));
  return stream->owed == TO_THE_END ? wanted : least(wanted, (uint64_t)stream->owed);
}

/* Reads once. Beyond the cap bytes are counted and dropped, so a command is never held up by its own talk. */
void stream_read(struct command *command, uint32_t which) {
  struct stream *stream = &command->streams[which];
  uint64_t wanted = wanted_bytes(stream);
  if (stream->fd < 0 || wanted == 0) return;
  ssize_t length = read(stream->fd, reply_room(CHUNK), wanted);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) {
    close(stream->fd);
    stream->fd = -1;
    return;
  }
  if (stream->owed != TO_THE_END) stream->owed -= length;
  if (stream->cap == 0) {
    stream->dropped += (uint64_t)length;
  } else {
    reply_send(which == OUT ? STDOUT : STDERR, command->slot, (size_t)length);
    stream->window -= (uint32_t)length;
    stream->cap -= (uint64_t)length;
  }
  if (stream->owed == 0) leave_behind(stream);
  else stream_poll(command, which);
}

/* The command has ended and others hold its pipe: what is in it now is the last that counts. */
void stream_cut(struct command *command, uint32_t which) {
  struct stream *stream = &command->streams[which];
  int there = 0;
  if (stream->fd < 0 || stream->owed != TO_THE_END) return;
  if (ioctl(stream->fd, FIONREAD, &there) != 0) there = 0;
  stream->owed = there;
  if (there == 0) leave_behind(stream);
}
