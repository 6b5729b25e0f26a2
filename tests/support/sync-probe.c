/*
 * Watches a program make a file durable: loaded before libc, it stands in for fsync and fdatasync.
 * What it sees of the file whose name ends with $HOLDFAST_PROBE_FILE it tells on standard error, where
 * the program tells its own troubles, and while $HOLDFAST_PROBE_HOLD is there no such call comes back:
 * what is told meanwhile was told without the disk.
 *
 *     sync-probe: reached PATH     the program waits for the disk
 *     sync-probe: synced PATH      the disk has it
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef int (*sync_call)(int);

static int is_watched(int fd, char *path) {
  char link[64];
  const char *end = getenv("HOLDFAST_PROBE_FILE");
  if (end == NULL) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  size_t wanted = strlen(end);
  return (size_t)length >= wanted && strcmp(path + length - wanted, end) == 0;
}

static void tell(const char *what, const char *path) {
  char line[PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "sync-probe: %s %s\n", what, path);
  while (write(STDERR_FILENO, line, (size_t)length) < 0 && errno == EINTR) {
  }
}

static int watched(int fd, sync_call real) {
  char path[PATH_MAX];
  int before = errno;
  if (!is_watched(fd, path)) {
    errno = before;
    return real(fd);
  }
  tell("reached", path);
  const char *hold = getenv("HOLDFAST_PROBE_HOLD");
  const struct timespec moment = {.tv_nsec = 1000000};
  while (hold != NULL && access(hold, F_OK) == 0) nanosleep(&moment, NULL);
  errno = before;
  int result = real(fd);
  before = errno;
  if (result == 0) tell("synced", path);
  errno = before;
  return result;
}

static sync_call found(const char *name) { return (sync_call)dlsym(RTLD_NEXT, name); }

int fsync(int fd) { return watched(fd, found("fsync")); }

int fdatasync(int fd) { return watched(fd, found("fdatasync")); }
