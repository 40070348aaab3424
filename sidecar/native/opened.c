/* Finds files for the daemon, which opens them through /proc/<helper>/fd. */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Tries after which a path that is renamed all the time is given up. */
enum { RENAMES = 16 };

static int opened[MAX_IDS];
static pid_t owner;

void opened_init(pid_t daemon) {
  owner = daemon;
  for (int i = 0; i < MAX_IDS; i++) opened[i] = -1;
}

static int open_beneath(int root, const char *path) {
  struct open_how how = {
    .flags = O_PATH | O_CLOEXEC,
    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
  };
  for (int i = 0;; i++) {
    long fd = syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0 || errno != EAGAIN || i == RENAMES) return (int)fd;
  }
}

/* Not in every kernel, not in gVisor, and not through every seccomp profile. */
bool openat2_works(void) {
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int fd = open_beneath(root, ".");
  if (fd >= 0) close(fd);
  close(root);
  return fd >= 0;
}

/* A folder that the daemon has open, by its number there. */
int borrow_directory(pid_t daemon, uint32_t fd) {
  char path[48];
  snprintf(path, sizeof path, "/proc/%d/fd/%u", daemon, fd);
  return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void opened_release(const struct request *request) {
  if (opened[request->id] >= 0) close(opened[request->id]);
  opened[request->id] = -1;
}

void opened_open(const struct request *request) {
  opened_release(request);
  int root = borrow_directory(owner, request->open.root);
  int fd = root < 0 ? -1 : open_beneath(root, request->open.path);
  int error = errno;
  if (root >= 0) close(root);
  opened[request->id] = fd;
  reply_u32(fd < 0 ? NOT_OPENED : OPENED, request->id, (uint32_t)(fd < 0 ? error : fd));
}
