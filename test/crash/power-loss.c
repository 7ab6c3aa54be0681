// The worst legal disk, as a preload library. Below ROOT nothing survives a power cut but what was synced:
//   fsync/fdatasync of a file    keeps its bytes of that moment, under SHADOW/f-INODE-GENERATION
//   fsync of a folder            keeps its list of names, under SHADOW/d-INODE: "type inode generation name" per line
// The process is killed before its CRASH_AT-th operation (opening for creation, write, sync, rename).
// IGNORE names a call that lies: it answers 0 and keeps nothing ("fdatasync", "fsync", "folder").
//   cc -shared -fPIC -O1 -o power-loss.so power-loss.c -ldl
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int busy = 0;
static long operations = 0;

static int real_open(const char *path, int flags, int mode) {
  static int (*call)(const char *, int, ...) = 0;
  if (!call) call = dlsym(RTLD_NEXT, "open64");
  return call(path, flags, mode);
}

static int below(const char *path) {
  const char *root = getenv("ROOT");
  return root && strncmp(path, root, strlen(root)) == 0;
}

static int fd_below(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n < 0) return 0;
  path[n] = 0;
  return below(path);
}

static void operation(void) {
  const char *at = getenv("CRASH_AT"), *count = getenv("COUNT_FILE");
  operations++;
  if (at && operations == atol(at)) kill(getpid(), SIGKILL);
  if (!count) return;
  int fd = real_open(count, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd >= 0) {
    dprintf(fd, "%ld", operations);
    close(fd);
  }
}

static void shadow(char *out, const char *kind, unsigned long inode) {
  snprintf(out, PATH_MAX, "%s/%s-%lu", getenv("SHADOW"), kind, inode);
}

// Inode numbers are used again; the generation tells the files apart.
static long generation(unsigned long inode, int next) {
  char path[PATH_MAX], text[32] = "0";
  shadow(path, "g", inode);
  int fd = real_open(path, O_RDWR | O_CREAT, 0600);
  if (fd < 0) return 0;
  ssize_t n = pread(fd, text, sizeof text - 1, 0);
  text[n < 0 ? 0 : n] = 0;
  long value = atol(text);
  if (next) {
    value++;
    if (ftruncate(fd, 0) == 0) dprintf(fd, "%ld", value);
  }
  close(fd);
  return value;
}

static void keep_file(int fd, unsigned long inode) {
  char base[PATH_MAX], path[PATH_MAX + 32], whole[PATH_MAX + 32], link[64];
  static char block[65536];
  shadow(base, "f", inode);
  snprintf(whole, sizeof whole, "%s-%ld", base, generation(inode, 0));
  // Whoever looks at the shadow while it is made sees the bytes of before or of now, never a part.
  shadow(base, "new", inode);
  snprintf(path, sizeof path, "%s", base);
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  int from = real_open(link, O_RDONLY, 0);
  int to = real_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  static ssize_t (*put)(int, const void *, size_t) = 0;
  if (!put) put = dlsym(RTLD_NEXT, "write");
  for (ssize_t n; from >= 0 && to >= 0 && (n = read(from, block, sizeof block)) > 0;) put(to, block, n);
  if (from >= 0) close(from);
  if (to >= 0) close(to);
  rename(path, whole);
}

static void keep_folder(int fd, unsigned long inode) {
  char path[PATH_MAX], link[64];
  shadow(path, "d", inode);
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  DIR *dir = opendir(link);
  FILE *out = fopen(path, "w");
  for (struct dirent *entry; dir && out && (entry = readdir(dir));) {
    struct stat st;
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW)) continue;
    fprintf(out, "%c %lu %ld %s\n", S_ISDIR(st.st_mode) ? 'd' : 'f', (unsigned long)st.st_ino, generation(st.st_ino, 0), entry->d_name);
  }
  if (out) fclose(out);
  if (dir) closedir(dir);
}

static int is_ignored(const char *call) {
  const char *ignored = getenv("IGNORE");
  return ignored && strcmp(ignored, call) == 0;
}

static void keep(int fd, const char *call) {
  struct stat st;
  if (busy || !fd_below(fd) || fstat(fd, &st)) return;
  busy = 1;
  operation();
  if (S_ISDIR(st.st_mode)) {
    if (!is_ignored("folder")) keep_folder(fd, st.st_ino);
  } else if (!is_ignored(call)) {
    keep_file(fd, st.st_ino);
  }
  busy = 0;
}

// The disk is a model: the real sync is not needed.
int fsync(int fd) { keep(fd, "fsync"); return 0; }
int fdatasync(int fd) { keep(fd, "fdatasync"); return 0; }

static int opened(const char *path, int flags, int mode) {
  int counted = !busy && (flags & O_CREAT) && below(path);
  if (counted) {
    busy = 1;
    operation();
    busy = 0;
  }
  int fd = real_open(path, flags, mode);
  struct stat st;
  if (counted && fd >= 0 && (flags & O_EXCL) && fstat(fd, &st) == 0) {
    busy = 1;
    generation(st.st_ino, 1);
    busy = 0;
  }
  return fd;
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = va_arg(rest, int);
  va_end(rest);
  return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = va_arg(rest, int);
  va_end(rest);
  return opened(path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  static ssize_t (*call)(int, const void *, size_t) = 0;
  if (!call) call = dlsym(RTLD_NEXT, "write");
  if (!busy && fd_below(fd)) {
    busy = 1;
    operation();
    busy = 0;
  }
  return call(fd, bytes, length);
}

int rename(const char *from, const char *to) {
  static int (*call)(const char *, const char *) = 0;
  if (!call) call = dlsym(RTLD_NEXT, "rename");
  if (!busy && below(to)) {
    busy = 1;
    operation();
    busy = 0;
  }
  return call(from, to);
}
