/*
 * A disk below WEAK_AT that refuses what WEAK names (sync, chmod, link, mmap) with the number WEAK_ERRNO, as the file systems of
 * shares and sticks do. Loaded before a program with LD_PRELOAD: what SQLite asks of the system is refused too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int is_below(const char *path) {
  const char *at = getenv("WEAK_AT");
  return at != NULL && path != NULL && strncmp(path, at, strlen(at)) == 0;
}

static int is_open_below(int descriptor) {
  char link_path[64], path[4096];
  snprintf(link_path, sizeof link_path, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link_path, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_below(path);
}

static int refuses(const char *what, int is_there) {
  const char *weak = getenv("WEAK");
  if (!is_there || weak == NULL || strstr(weak, what) == NULL) return 0;
  errno = atoi(getenv("WEAK_ERRNO"));
  return 1;
}

int fsync(int descriptor) {
  REAL(fsync);
  struct stat state;
  int is_folder = fstat(descriptor, &state) == 0 && S_ISDIR(state.st_mode);
  return is_folder && refuses("sync", is_open_below(descriptor)) ? -1 : real(descriptor);
}

int chmod(const char *path, mode_t mode) {
  REAL(chmod);
  return refuses("chmod", is_below(path)) ? -1 : real(path, mode);
}

int fchmod(int descriptor, mode_t mode) {
  REAL(fchmod);
  return refuses("chmod", is_open_below(descriptor)) ? -1 : real(descriptor, mode);
}

int link(const char *from, const char *to) {
  REAL(link);
  return refuses("link", is_below(to)) ? -1 : real(from, to);
}

void *mmap(void *at, size_t length, int protection, int flags, int descriptor, off_t offset) {
  REAL(mmap);
  int is_shared = descriptor >= 0 && (flags & MAP_SHARED) != 0;
  if (is_shared && refuses("mmap", is_open_below(descriptor))) return MAP_FAILED;
  return real(at, length, protection, flags, descriptor, offset);
}

void *mmap64(void *at, size_t length, int protection, int flags, int descriptor, off_t offset) {
  return mmap(at, length, protection, flags, descriptor, offset);
}
