/* The commands that run, from their start to their end. */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct command commands[MAX_IDS];
static int nothing;
static pid_t owner;
static uint32_t draining;

void commands_init(pid_t daemon) {
  owner = daemon;
  nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* An array that ends with NULL over texts that lie in the frame, after one free place. */
static char **array_of(const struct texts *texts) {
  char **array = malloc((texts->count + 2) * sizeof *array);
  if (array == NULL) return NULL;
  char *text = texts->first;
  for (uint32_t i = 1; i <= texts->count; i++, text += strlen(text) + 1) array[i] = text;
  array[texts->count + 1] = NULL;
  return array;
}

struct pipes {
  int ours[3], theirs[3];
};

static void close_all(const int *files, int count) {
  for (int i = 0; i < count; i++) {
    if (files[i] >= 0) close(files[i]);
  }
}

/* Input, output and errors: their ends wait, as programs expect it, ours do not. */
static int make_pipes(struct pipes *pipes, bool input) {
  *pipes = (struct pipes){ { -1, -1, -1 }, { -1, -1, -1 } };
  for (int i = 0; i < 3; i++) {
    int ends[2];
    if (i == 0 && !input) {
      pipes->theirs[0] = fcntl(nothing, F_DUPFD_CLOEXEC, 0);
      if (pipes->theirs[0] < 0) return errno;
      continue;
    }
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    pipes->ours[i] = ends[i == 0 ? 1 : 0];
    pipes->theirs[i] = ends[i == 0 ? 0 : 1];
    fcntl(pipes->ours[i], F_SETFL, O_NONBLOCK);
  }
  return 0;
}

static int start(const struct request *request, const struct pipes *pipes, pid_t *pid) {
  int directory = borrow_directory(owner, request->spawn.directory);
  if (directory < 0) return errno;
  char **argv = array_of(&request->spawn.argv);
  char **env = array_of(&request->spawn.env);
  int error = ENOMEM;
  if (argv != NULL && env != NULL) {
    const struct launch what = { .argv = argv + 1, .env = env + 1, .directory = directory, .files = pipes->theirs, .count = 3, .adopts = true };
    *pid = launch(&what, &error);
  }
  free(argv);
  free(env);
  close(directory);
  return error;
}

void command_spawn(const struct request *request) {
  struct command *command = &commands[request->id];
  if (command->used) {
    reply_u32(NOT_STARTED, request->id, EBUSY);
    return;
  }
  struct pipes pipes;
  pid_t pid = 0;
  int error = make_pipes(&pipes, request->spawn.input == 1);
  if (error == 0) error = start(request, &pipes, &pid);
  close_all(pipes.theirs, 3);
  if (error != 0) {
    close_all(pipes.ours, 3);
    reply_u32(NOT_STARTED, request->id, (uint32_t)error);
    return;
  }
  *command = (struct command){
    .used = true, .slot = request->id, .tree = { .root = pid, .session = pid }, .drain_ms = request->spawn.drain_ms,
    .input = { .fd = pipes.ours[0] },
  };
  for (uint32_t i = OUT; i <= ERR; i++) {
    command->streams[i] = (struct stream){
      .fd = pipes.ours[i + 1], .window = request->spawn.window, .cap = request->spawn.cap, .owed = TO_THE_END,
    };
    stream_poll(command, i);
  }
}

static uint64_t microseconds(struct timeval time) { return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec; }

static void release(struct command *command) {
  free(command->tree.seen);
  command->used = false;
}

/* Tells the end once all that counts of the output was sent. */
static void settle(struct command *command) {
  if (!command->exited || command->reported || command->streams[OUT].fd >= 0 || command->streams[ERR].fd >= 0) return;
  const struct rusage *usage = &command->usage;
  bool signalled = WIFSIGNALED(command->status);
  uint8_t *payload = reply_room(45);
  payload[0] = signalled;
  put_u32(payload + 1, (uint32_t)(signalled ? WTERMSIG(command->status) : WEXITSTATUS(command->status)));
  put_u64(payload + 5, command->streams[OUT].dropped);
  put_u64(payload + 13, command->streams[ERR].dropped);
  put_u64(payload + 21, microseconds(usage->ru_utime));
  put_u64(payload + 29, microseconds(usage->ru_stime));
  put_u64(payload + 37, (uint64_t)usage->ru_maxrss * 1024);
  reply_send(EXITED, command->slot, 45);
  input_close(&command->input);
  command->reported = true;
  draining--;
  if (!command->awaits_kill) release(command);
}

void command_event(uint32_t slot, uint32_t source) {
  if (source == LEFT_BEHIND) {
    drain_left_behind((int)slot);
    return;
  }
  struct command *command = &commands[slot];
  if (!command->used) return;
  if (source == IN) input_flush(command);
  else stream_read(command, source);
  settle(command);
}

void command_input(const struct request *request) {
  struct command *command = &commands[request->id];
  if (!command->used) return;
  if (request->type == INPUT_END) input_end(command);
  else input_write(command, request->input.bytes, request->input.length);
}

void command_signal(const struct request *request) {
  struct command *command = &commands[request->id];
  if (!command->used) return;
  tree_signal(&command->tree, (int)request->signal.signal);
  if (request->signal.signal == SIGTERM) command->awaits_kill = true;
  if (request->signal.signal != SIGKILL) return;
  command->awaits_kill = false;
  if (command->reported) release(command);
}

void command_credit(const struct request *request) {
  struct command *command = &commands[request->id];
  if (!command->used) return;
  struct stream *stream = &command->streams[request->credit.stream];
  if (__builtin_add_overflow(stream->window, request->credit.bytes, &stream->window)) stream->window = UINT32_MAX;
  stream_poll(command, request->credit.stream);
}

void command_reaped(pid_t pid, int status, const struct rusage *usage) {
  for (uint32_t i = 0; i < MAX_IDS; i++) {
    struct command *command = &commands[i];
    if (!command->used || command->tree.root != pid) continue;
    command->tree.root = 0;
    command->exited = true;
    command->status = status;
    command->usage = *usage;
    command->deadline = now() + command->drain_ms;
    draining++;
    /* Most commands have closed their pipes by now: they are told in the same turn. */
    stream_read(command, OUT);
    stream_read(command, ERR);
    settle(command);
    return;
  }
}

/* Milliseconds until the next command has waited long enough for those who hold its pipes; -1: no command waits. */
int commands_timeout(void) {
  int64_t first = -1;
  for (uint32_t i = 0; draining > 0 && i < MAX_IDS; i++) {
    const struct command *command = &commands[i];
    if (!command->used || !command->exited || command->reported || command->deadline < 0) continue;
    if (first < 0 || command->deadline < first) first = command->deadline;
  }
  if (first < 0) return -1;
  int64_t left = first - now();
  return left <= 0 ? 0 : left < 60000 ? (int)left : 60000;
}

void commands_expire(void) {
  for (uint32_t i = 0; draining > 0 && i < MAX_IDS; i++) {
    struct command *command = &commands[i];
    if (!command->used || !command->exited || command->reported || command->deadline < 0 || command->deadline > now()) continue;
    command->deadline = -1;
    stream_cut(command, OUT);
    stream_cut(command, ERR);
    settle(command);
  }
}
