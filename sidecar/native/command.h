/* A command that runs, for the files that move its bytes. */
#ifndef COMMAND_H
#define COMMAND_H

#include "helper.h"

/* Sources of events. LEFT_BEHIND are pipes of commands that have ended: in place of the slot is the file. */
enum { OUT, ERR, IN, LEFT_BEHIND };

enum { TO_THE_END = -1 };

struct stream {
  int fd;
  bool polled;
  uint32_t window; /* bytes that may be sent before the daemon gives more */
  uint64_t cap;    /* bytes that may be sent at all */
  uint64_t dropped;
  int64_t owed;    /* bytes to read before it is over */
};

struct input {
  int fd;
  bool ends;
  uint8_t *held;
  uint32_t from, to;
};

struct command {
  bool used, exited, reported;
  bool awaits_kill; /* SIGTERM was sent: SIGKILL follows, also when the command has been reported by then */
  uint32_t slot;
  struct tree tree;
  struct stream streams[2];
  struct input input;
  int status;
  struct rusage usage;
  uint32_t drain_ms;
  int64_t deadline;
};

/* output.c */
void stream_poll(struct command *command, uint32_t which);
void stream_read(struct command *command, uint32_t which);
void stream_cut(struct command *command, uint32_t which);
void drain_left_behind(int fd);

/* input.c */
void input_write(struct command *command, const uint8_t *bytes, uint32_t length);
void input_flush(struct command *command);
void input_end(struct command *command);
void input_close(struct input *input);

#endif
