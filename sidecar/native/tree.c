/* Finds and signals all processes that descend from one, from what /proc says. */
#include "helper.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Rounds of looking again before the processes that keep appearing are left to the next signal. */
enum { ROUNDS = 64 };

struct process {
  pid_t pid, parent, session;
  unsigned long long started;
  char state;
  bool inside;
};

static struct process *table;
static size_t rows, room;

static bool read_process(int proc, const char *name, struct process *process) {
  char path[32], text[1024];
  snprintf(path, sizeof path, "%.16s/stat", name);
  int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return false;
  text[length] = '\0';
  /* The name of the program comes first, in brackets, and may hold any character. */
  const char *rest = strrchr(text, ')');
  return rest != NULL && sscanf(rest + 1, " %c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
    &process->state, &process->parent, &process->session, &process->started) == 4;
}

static int by_pid(const void *left, const void *right) {
  pid_t a = ((const struct process *)left)->pid, b = ((const struct process *)right)->pid;
  return (a > b) - (a < b);
}

static struct process *find(pid_t pid) {
  struct process wanted = { .pid = pid };
  return rows == 0 ? NULL : bsearch(&wanted, table, rows, sizeof wanted, by_pid);
}

static void scan(void) {
  rows = 0;
  DIR *proc = opendir("/proc");
  if (proc == NULL) return;
  for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
    if (!isdigit((unsigned char)entry->d_name[0])) continue;
    if (rows == room) {
      size_t wanted = room == 0 ? 256 : 2 * room;
      struct process *larger = realloc(table, wanted * sizeof *table);
      if (larger == NULL) break;
      table = larger;
      room = wanted;
    }
    struct process process = { .pid = (pid_t)atol(entry->d_name) };
    if (read_process(dirfd(proc), entry->d_name, &process)) table[rows++] = process;
  }
  closedir(proc);
  if (rows > 0) qsort(table, rows, sizeof *table, by_pid);
}

static bool was_seen(const struct tree *tree, const struct process *process) {
  for (size_t i = 0; i < tree->count; i++) {
    if (tree->seen[i].pid == process->pid && tree->seen[i].started == process->started) return true;
  }
  return false;
}

/* A session outlives its leader: who is left in one is told by the number of a leader that was seen. */
static bool in_seen_session(const struct tree *tree, pid_t session) {
  if (tree->session != 0 && session == tree->session) return true;
  for (size_t i = 0; i < tree->count; i++) {
    if (tree->seen[i].pid == session) return true;
  }
  return false;
}

static void mark(const struct tree *tree) {
  for (size_t i = 0; i < rows; i++) {
    struct process *one = &table[i];
    one->inside = one->pid == tree->root || in_seen_session(tree, one->session) || was_seen(tree, one);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < rows; i++) {
      if (table[i].inside) continue;
      const struct process *parent = find(table[i].parent);
      if (parent == NULL || !parent->inside) continue;
      table[i].inside = changed = true;
    }
  }
}

static bool is_target(const struct process *process) {
  return process->inside && process->state != 'Z' && process->state != 'X' && process->pid != getpid();
}

static void remember(struct tree *tree, const struct process *process) {
  if (tree->count == tree->room) {
    size_t wanted = tree->room == 0 ? 16 : 2 * tree->room;
    struct member *larger = realloc(tree->seen, wanted * sizeof *larger);
    if (larger == NULL) return;
    tree->seen = larger;
    tree->room = wanted;
  }
  tree->seen[tree->count++] = (struct member){ process->pid, process->started };
}

/* Signals the targets and says how many of them are new. */
static size_t signal_targets(struct tree *tree, int signal, bool only_new) {
  size_t fresh = 0;
  for (size_t i = 0; i < rows; i++) {
    if (!is_target(&table[i])) continue;
    bool seen = was_seen(tree, &table[i]);
    if (!seen) {
      remember(tree, &table[i]);
      fresh++;
    }
    if (!seen || !only_new) kill(table[i].pid, signal);
  }
  return fresh;
}

/* What is to be killed is stopped first, until nothing new appears: a stopped process has no more children, and
   a child whose parent dies before it was seen would be lost. */
static void kill_all(struct tree *tree) {
  bool killed = false;
  for (int round = 0; round < ROUNDS; round++) {
    scan();
    mark(tree);
    bool fresh = signal_targets(tree, SIGSTOP, round > 0) > 0 || round == 0;
    if (!fresh && killed) return;
    if (!fresh) signal_targets(tree, SIGKILL, false);
    killed = !fresh;
    sched_yield();
  }
  signal_targets(tree, SIGKILL, false);
}

void tree_signal(struct tree *tree, int signal) {
  if (signal == SIGKILL) {
    kill_all(tree);
    return;
  }
  scan();
  mark(tree);
  signal_targets(tree, signal, false);
}
