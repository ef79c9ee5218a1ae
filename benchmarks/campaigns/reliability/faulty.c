/* Let the n-th system call that changes files fail: preloaded before the C library's own functions.

     gcc -shared -fPIC -O1 -o faulty.so faulty.c -ldl
     LD_PRELOAD=faulty.so FAULT_AT=3 FAULT_ERRNO=28 FAULT_UNDER=/tmp/x python ...

   Only calls on regular files and folders under FAULT_UNDER count, from 0. fault_arm() does the same
   as the variables from inside the process; fault_calls() says how many there have been. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long at = -1, calls = 0;
static int number = ENOSPC;
static char under[PATH_MAX] = "";

__attribute__((constructor)) static void begin(void) {
  if (getenv("FAULT_AT")) at = atol(getenv("FAULT_AT"));
  if (getenv("FAULT_ERRNO")) number = atoi(getenv("FAULT_ERRNO"));
  if (getenv("FAULT_UNDER")) snprintf(under, sizeof under, "%s", getenv("FAULT_UNDER"));
}

/* FAULT_COUNT names a file that gets the number of calls when the process ends. */
__attribute__((destructor)) static void end(void) {
  const char *path = getenv("FAULT_COUNT");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%ld", calls);
  fclose(file);
}

void fault_arm(long n, int error, const char *folder) {
  at = n, calls = 0, number = error;
  snprintf(under, sizeof under, "%s", folder);
}

long fault_calls(void) { return calls; }

static int fails(void) {
  if (calls++ != at) return 0;
  errno = number;
  return 1;
}

static int inside(const char *path) { return *under && !strncmp(path, under, strlen(under)); }

static int watched_fd(int fd) {
  struct stat found;
  char link[64], path[PATH_MAX];
  if (fstat(fd, &found) || !(S_ISREG(found.st_mode) || S_ISDIR(found.st_mode))) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return 0;
  path[size] = 0;
  return inside(path);
}

static int watched(int folder, const char *path) {
  if (*path == '/') return inside(path);
  return folder != AT_FDCWD && watched_fd(folder);
}

#define REAL(type, name, ...)                                                      \
  static type (*real)(__VA_ARGS__);                                                \
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name);

#define CHANGES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)
#define OPEN(name)                                                                 \
  int name(const char *path, int flags, ...) {                                     \
    REAL(int, name, const char *, int, ...)                                        \
    va_list rest;                                                                  \
    va_start(rest, flags);                                                         \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;        \
    va_end(rest);                                                                  \
    if (flags & CHANGES && watched(AT_FDCWD, path) && fails()) return -1;          \
    return real(path, flags, mode);                                                \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                               \
  int name(int folder, const char *path, int flags, ...) {                         \
    REAL(int, name, int, const char *, int, ...)                                   \
    va_list rest;                                                                  \
    va_start(rest, flags);                                                         \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;        \
    va_end(rest);                                                                  \
    if (flags & CHANGES && watched(folder, path) && fails()) return -1;            \
    return real(folder, path, flags, mode);                                        \
  }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                                \
  FILE *name(const char *path, const char *mode) {                                 \
    REAL(FILE *, name, const char *, const char *)                                 \
    if (strpbrk(mode, "wa+") && watched(AT_FDCWD, path) && fails()) return NULL;   \
    return real(path, mode);                                                       \
  }
FOPEN(fopen)
FOPEN(fopen64)

/* Half of what is asked for goes through before the failing call, as on a disk that fills up. */
ssize_t write(int fd, const void *data, size_t size) {
  REAL(ssize_t, write, int, const void *, size_t)
  if (watched_fd(fd)) {
    if (calls + 1 == at && size > 1) size /= 2;
    if (fails()) return -1;
  }
  return real(fd, data, size);
}

#define ON_FD(type, name, arguments, ...)                                          \
  type name(__VA_ARGS__) {                                                         \
    REAL(type, name, __VA_ARGS__)                                                  \
    if (watched_fd(fd) && fails()) return -1;                                      \
    return real arguments;                                                         \
  }
ON_FD(ssize_t, writev, (fd, parts, count), int fd, const struct iovec *parts, int count)
ON_FD(ssize_t, pwrite64, (fd, data, size, where), int fd, const void *data, size_t size, off_t where)
ON_FD(ssize_t, sendfile, (fd, from, where, size), int fd, int from, off_t *where, size_t size)
ON_FD(int, fsync, (fd), int fd)
ON_FD(int, fdatasync, (fd), int fd)
ON_FD(int, ftruncate, (fd, size), int fd, off_t size)
ON_FD(int, ftruncate64, (fd, size), int fd, off_t size)
ON_FD(int, flock, (fd, how), int fd, int how)

#define ON_PATH(name, arguments, ...)                                              \
  int name(__VA_ARGS__) {                                                          \
    REAL(int, name, __VA_ARGS__)                                                   \
    if (watched(AT_FDCWD, path) && fails()) return -1;                             \
    return real arguments;                                                         \
  }
ON_PATH(mkdir, (path, mode), const char *path, mode_t mode)
ON_PATH(rmdir, (path), const char *path)
ON_PATH(unlink, (path), const char *path)
ON_PATH(rename, (path, to), const char *path, const char *to)
ON_PATH(link, (path, to), const char *path, const char *to)
ON_PATH(symlink, (to, path), const char *to, const char *path)

int unlinkat(int folder, const char *path, int flags) {
  REAL(int, unlinkat, int, const char *, int)
  if (watched(folder, path) && fails()) return -1;
  return real(folder, path, flags);
}

int mkdirat(int folder, const char *path, mode_t mode) {
  REAL(int, mkdirat, int, const char *, mode_t)
  if (watched(folder, path) && fails()) return -1;
  return real(folder, path, mode);
}

int renameat2(int from, const char *path, int to, const char *new, unsigned flags) {
  REAL(int, renameat2, int, const char *, int, const char *, unsigned)
  if (watched(from, path) && fails()) return -1;
  return real(from, path, to, new, flags);
}
