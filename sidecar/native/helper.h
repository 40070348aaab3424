/* What the files of the helper share. The messages are described in PROTOCOL.md. */
#ifndef HELPER_H
#define HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum {
  PROTOCOL_VERSION = 1,
  MAX_FRAME = 1 << 20,   /* bytes after the length */
  HEADER = 9,            /* length, type, id */
  CHUNK = 1 << 16,       /* output in one frame, and input held for one command */
  MAX_IDS = 1024,        /* ids of commands are below, and those of opened files */
  DAEMON_FD = 3,         /* the socket, in the daemon and in a helper that the daemon started */
  STATUS_USAGE = 64,
  STATUS_PROTOCOL = 70,
  STATUS_SYSTEM = 71,
};

enum request_type { SPAWN = 1, SIGNAL, INPUT, INPUT_END, CREDIT, OPEN, RELEASE };
enum reply_type { HELLO = 64, NOT_STARTED, STDOUT, STDERR, INPUT_CREDIT, INPUT_CLOSED, EXITED, OPENED, NOT_OPENED };

/* Texts that end with a zero byte, one after the other. */
struct texts {
  uint32_t count;
  char *first;
};

/* A request that was found to be well formed. Pointers lead into the frame. */
struct request {
  uint8_t type;
  uint32_t id;
  union {
    struct {
      uint32_t directory, window, drain_ms;
      uint8_t input;
      uint64_t cap;
      struct texts argv, env;
    } spawn;
    struct { uint32_t signal; } signal;
    struct { const uint8_t *bytes; uint32_t length; } input;
    struct { uint8_t stream; uint32_t bytes; } credit;
    struct { uint32_t root; char *path; } open;
  };
};

/* frame.c */
bool parse_request(uint8_t *frame, size_t length, struct request *request);

/* channel.c */
void channel_init(int fd);
uint8_t *reply_room(size_t payload);
void reply_send(enum reply_type type, uint32_t id, size_t payload);
void reply_empty(enum reply_type type, uint32_t id);
void reply_u32(enum reply_type type, uint32_t id, uint32_t value);
void put_u32(uint8_t *to, uint32_t value);
void put_u64(uint8_t *to, uint64_t value);
void channel_flush(void);
/* Handles what has come; false when the daemon has gone or what it says makes no sense, which alone sets the status. */
bool channel_receive(bool (*handle)(const struct request *), int *status);

/* watch.c */
void watch_init(int epoll);
/* As `epoll_ctl`: of the events of a file, the loop is told slot and source. */
void watch(int operation, int fd, uint32_t events, uint32_t slot, uint32_t source);

/* launch.c */
struct launch {
  /* argv[-1] is free, for the shell of a script without an interpreter line. */
  char **argv;
  char **env;
  int directory;    /* -1: stay */
  const int *files; /* become 0, 1, 2... */
  int count;
  bool adopts;      /* orphans among the descendants become children of the process */
};
void launch_init(void);
pid_t launch(const struct launch *what, int *error);

/* tree.c */
struct member {
  pid_t pid;
  unsigned long long started;
};
/* A process with all that descends from it, also what has left its group or session, or lost its parents. */
struct tree {
  pid_t root;    /* 0 when it has been reaped */
  pid_t session; /* 0: none of its own */
  struct member *seen;
  size_t count, room;
};
void tree_signal(struct tree *tree, int signal);

/* commands.c */
void commands_init(pid_t daemon);
void command_spawn(const struct request *request);
void command_signal(const struct request *request);
void command_credit(const struct request *request);
void command_input(const struct request *request);
void command_event(uint32_t slot, uint32_t source);
void command_reaped(pid_t pid, int status, const struct rusage *usage);
int commands_timeout(void);
void commands_expire(void);

/* opened.c */
bool openat2_works(void);
int borrow_directory(pid_t daemon, uint32_t fd);
void opened_init(pid_t daemon);
void opened_open(const struct request *request);
void opened_release(const struct request *request);

#endif
