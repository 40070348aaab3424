/* Starts programs without copying the address space. */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Closed one by one where close_range(2) is missing. Every file of the helper closes on exec besides. */
enum { MANY_FILES = 1 << 16 };

static struct rlimit usual_files;
static long most_files;

/*
 * The helper needs three files for a command, its children get the limit that it was given. Signals that it was told to
 * ignore it resets once, for all of its children.
 */
void launch_init(void) {
  for (int signal_number = 1; signal_number < NSIG; signal_number++) signal(signal_number, SIG_DFL);
  if (getrlimit(RLIMIT_NOFILE, &usual_files) != 0) usual_files.rlim_cur = usual_files.rlim_max = 1024;
  struct rlimit raised = { usual_files.rlim_max, usual_files.rlim_max };
  setrlimit(RLIMIT_NOFILE, &raised);
  most_files = usual_files.rlim_max < MANY_FILES ? (long)usual_files.rlim_max : MANY_FILES;
}

static const char *search_path(char **env) {
  for (; *env != NULL; env++) {
    if (strncmp(*env, "PATH=", 5) == 0) return *env + 5;
  }
  return "/usr/bin:/bin";
}

/* Returns only when the file cannot be run, with the reason. */
static int run(const struct launch *what, char *file) {
  execve(file, what->argv, what->env);
  if (errno != ENOEXEC) return errno;
  what->argv[0] = file;
  char **shell = what->argv - 1;
  shell[0] = (char[]){ "/bin/sh" };
  execve(shell[0], shell, what->env);
  return ENOEXEC;
}

/* As execvp(3) searches, but in the PATH that the program gets. */
static int search(const struct launch *what, const char *path) {
  static char file[PATH_MAX];
  char *name = what->argv[0];
  size_t length = strlen(name);
  if (length == 0) return ENOENT;
  if (strchr(name, '/') != NULL) return run(what, name);
  int error = ENOENT;
  for (const char *end;; path = end + 1) {
    end = strchrnul(path, ':');
    size_t folder = (size_t)(end - path);
    if (folder + length + 2 <= sizeof file) {
      memcpy(file, path, folder);
      if (folder > 0) file[folder++] = '/';
      memcpy(file + folder, name, length + 1);
      int failed = run(what, file);
      if (failed != ENOENT && failed != ENOTDIR && failed != EACCES) return failed;
      if (failed == EACCES) error = EACCES;
    }
    if (*end == '\0') return error;
  }
}

static void close_from(unsigned int first) {
  if (syscall(SYS_close_range, first, ~0U, 0U) == 0) return;
  for (long fd = first; fd < most_files; fd++) close((int)fd);
}

/* In the child, which shares memory with the helper until it runs a program: it only makes system calls. */
static int become(const struct launch *what, pid_t helper) {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != helper) return ESRCH;
  if (what->adopts) prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (what->directory >= 0 && fchdir(what->directory) != 0) return errno;
  for (int i = 0; i < what->count; i++) {
    if (what->files[i] != i && dup2(what->files[i], i) < 0) return errno;
  }
  close_from((unsigned int)what->count);
  setrlimit(RLIMIT_NOFILE, &usual_files);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  return search(what, search_path(what->env));
}

/* All signals are blocked here, so the child gets none before it has unblocked them. */
__attribute__((noinline)) pid_t launch(const struct launch *what, int *error) {
  static volatile int failed;
  pid_t helper = getpid();
  failed = 0;
  pid_t pid = vfork();
  if (pid == 0) {
    failed = become(what, helper);
    _exit(127);
  }
  *error = pid < 0 ? errno : failed;
  return pid;
}
