/*
 * The helper of the session daemon: starts commands for it, tells their output and end, and leaves none behind.
 *
 *   session-helper -- PROGRAM ARGUMENT...   process 1 of a container: starts the daemon, and ends as it ends
 *   session-helper                          started by a daemon, which has the other end of file 3
 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 64, REAP_ROUNDS = 200, FIRST_OWN_FD = 10 };

/* Sources of events beside those of commands. */
enum { FROM_DAEMON = 100, FROM_KERNEL };

static bool ending;
static int end_status;
/* The daemon, when it is a child of ours. */
static pid_t started;

_Noreturn static void fail(const char *what) {
  fprintf(stderr, "session-helper: %s: %s\n", what, strerror(errno));
  exit(STATUS_SYSTEM);
}

static bool handle(const struct request *request) {
  switch (request->type) {
    case SPAWN: command_spawn(request); return true;
    case SIGNAL: command_signal(request); return true;
    case INPUT:
    case INPUT_END: command_input(request); return true;
    case CREDIT: command_credit(request); return true;
    case OPEN: opened_open(request); return true;
    case RELEASE: opened_release(request); return true;
    default: return false;
  }
}

/* Files 0 to 3 are given away by number, so none of our own may be one of them. */
static int keep_away(int fd) {
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OWN_FD);
  if (moved < 0) fail("fcntl");
  close(fd);
  return moved;
}

static void open_standard_files(void) {
  for (int fd = 0; fd <= 2; fd++) {
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) fail("/dev/null");
  }
}

/* Whether a variable of the image would run code of the image in the daemon. The TypeScript side has the same names. */
static bool loads_code(const char *variable) {
  const char *names[] = { "GCONV_PATH=", "GLIBC_TUNABLES=", "NODE_OPTIONS=", "NODE_PATH=", "OPENSSL_CONF=", "OPENSSL_ENGINES=", "OPENSSL_MODULES=" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strncmp(variable, names[i], strlen(names[i])) == 0) return true;
  }
  return strncmp(variable, "LD_", 3) == 0;
}

/* Its commands do not get them either. */
static void forget_preloads(void) {
  char **kept = environ;
  for (char **one = environ; *one != NULL; one++) {
    if (!loads_code(*one)) *kept++ = *one;
  }
  *kept = NULL;
}

static int start_daemon(char **argv) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
  int ours = keep_away(ends[0]), theirs = keep_away(ends[1]), error;
  forget_preloads();
  if (setenv("SESSION_HELPER_FD", "3", 1) != 0) fail("setenv");
  const int files[] = { 0, 1, 2, theirs };
  const struct launch what = { .argv = argv, .env = environ, .directory = -1, .files = files, .count = DAEMON_FD + 1, .adopts = false };
  started = launch(&what, &error);
  errno = error;
  if (error != 0) fail(argv[0]);
  close(theirs);
  return ours;
}

static void say_hello(void) {
  uint8_t *payload = reply_room(9);
  put_u32(payload, PROTOCOL_VERSION);
  put_u32(payload + 4, (uint32_t)getpid());
  payload[8] = openat2_works();
  reply_send(HELLO, 0, 9);
}

static void reap(void) {
  int status;
  struct rusage usage;
  for (pid_t pid; (pid = wait4(-1, &status, WNOHANG, &usage)) > 0;) {
    if (pid == started) {
      ending = true;
      end_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    command_reaped(pid, status, &usage);
  }
}

static void take_signals(int signals) {
  struct signalfd_siginfo info;
  while (read(signals, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) reap();
    else if (started != 0) kill(started, (int)info.ssi_signo);
    else ending = true;
  }
}

/* A daemon that is a child of ours may close the socket before it ends, and then its status is not known yet. */
static void daemon_left(int channel) {
  if (started == 0 || end_status != 0) ending = true;
  else watch(EPOLL_CTL_DEL, channel, 0, 0, FROM_DAEMON);
}

/* Orphans come to us, so everything that was started descends from us. */
static void kill_descendants(void) {
  struct tree all = { .root = getpid() };
  for (int round = 0; round < REAP_ROUNDS; round++) {
    tree_signal(&all, SIGKILL);
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0);
    if (pid < 0) break;
    nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
  }
  free(all.seen);
}

int main(int argc, char **argv) {
  bool first = argc > 2 && strcmp(argv[1], "--") == 0;
  if (argc != 1 && !first) {
    fprintf(stderr, "usage: session-helper [-- PROGRAM ARGUMENT...]\n");
    return STATUS_USAGE;
  }
  open_standard_files();
  launch_init();
  sigset_t watched, all;
  sigemptyset(&watched);
  const int numbers[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) sigaddset(&watched, numbers[i]);
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) fail("prctl");

  int channel = first ? start_daemon(argv + 2) : keep_away(DAEMON_FD);
  int signals = keep_away(signalfd(-1, &watched, SFD_NONBLOCK));
  int epoll = keep_away(epoll_create1(0));
  pid_t daemon = first ? started : getppid();
  channel_init(channel);
  watch_init(epoll);
  commands_init(daemon);
  opened_init(daemon);
  watch(EPOLL_CTL_ADD, channel, EPOLLIN, 0, FROM_DAEMON);
  watch(EPOLL_CTL_ADD, signals, EPOLLIN, 0, FROM_KERNEL);
  say_hello();

  while (!ending) {
    channel_flush();
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, commands_timeout());
    for (int i = 0; i < count; i++) {
      uint32_t slot = (uint32_t)events[i].data.u64, source = (uint32_t)(events[i].data.u64 >> 32);
      if (source == FROM_KERNEL) take_signals(signals);
      else if (source != FROM_DAEMON) command_event(slot, source);
      else if (!channel_receive(handle, &end_status)) daemon_left(channel);
    }
    commands_expire();
  }
  kill_descendants();
  return end_status;
}
