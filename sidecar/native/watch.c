/* What the loop waits for. */
#include "helper.h"

#include <sys/epoll.h>

static int epoll_fd;

void watch_init(int epoll) { epoll_fd = epoll; }

void watch(int operation, int fd, uint32_t events, uint32_t slot, uint32_t source) {
  struct epoll_event event = { .events = events, .data.u64 = (uint64_t)source << 32 | slot };
  epoll_ctl(epoll_fd, operation, fd, &event);
}
