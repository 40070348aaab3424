/* Writes what the daemon sends to the input of a command, and holds what does not fit into the pipe yet. */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

void input_close(struct input *input) {
  if (input->fd >= 0) close(input->fd);
  free(input->held);
  *input = (struct input){ .fd = -1 };
}

static void give_up(struct command *command) {
  reply_empty(INPUT_CLOSED, command->slot);
  input_close(&command->input);
}

/* Writes what the pipe takes; false when nobody will ever read the rest. */
static bool write_some(struct command *command, const uint8_t *bytes, uint32_t length, uint32_t *written) {
  ssize_t count = write(command->input.fd, bytes, length);
  *written = count > 0 ? (uint32_t)count : 0;
  if (count > 0) reply_u32(INPUT_CREDIT, command->slot, *written);
  return count >= 0 || errno == EAGAIN || errno == EINTR;
}

static bool hold(struct input *input, const uint8_t *bytes, uint32_t length) {
  if (input->held == NULL) input->held = malloc(CHUNK);
  if (input->held == NULL || length > CHUNK - (input->to - input->from)) return false;
  memmove(input->held, input->held + input->from, input->to - input->from);
  input->to -= input->from;
  input->from = 0;
  memcpy(input->held + input->to, bytes, length);
  input->to += length;
  return true;
}

/* The daemon sends no more than CHUNK bytes ahead of what was written, so the rest always fits. */
void input_write(struct command *command, const uint8_t *bytes, uint32_t length) {
  struct input *input = &command->input;
  if (input->fd < 0 || input->ends) return;
  uint32_t written = 0;
  bool waiting = input->from < input->to;
  if (!waiting && !write_some(command, bytes, length, &written)) {
    give_up(command);
    return;
  }
  if (written == length) return;
  if (!hold(input, bytes + written, length - written)) give_up(command);
  else if (!waiting) watch(EPOLL_CTL_ADD, input->fd, EPOLLOUT, command->slot, IN);
}

void input_flush(struct command *command) {
  struct input *input = &command->input;
  if (input->fd < 0) return;
  uint32_t written;
  if (!write_some(command, input->held + input->from, input->to - input->from, &written)) {
    give_up(command);
    return;
  }
  input->from += written;
  if (input->from < input->to) return;
  if (input->ends) input_close(input);
  else watch(EPOLL_CTL_DEL, input->fd, 0, command->slot, IN);
}

void input_end(struct command *command) {
  struct input *input = &command->input;
  input->ends = true;
  if (input->from == input->to) input_close(input);
}
