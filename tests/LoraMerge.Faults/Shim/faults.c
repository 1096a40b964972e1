/*
 * Counts a process's calls of the system for files below one folder, and makes one of them fail, or ends the process there.
 * Preloaded (LD_PRELOAD) into .NET: its runtime reaches files by libc alone, so that what stands here sees them all.
 * What is to happen lies in a block of shared memory, a file that LORAMERGE_FAULTS names; a whole tree of processes shares its counter.
 * Linux with glibc only. Built by the driver: gcc -shared -fPIC -O2 faults.c -o faults.so
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Kinds of calls, in the order of the driver's enumeration. */
enum call { OPEN, CREATE, READ, WRITE, FSYNC, RENAME, UNLINK, MKDIR, RMDIR, LINK, SYMLINK, CLONE, STAT, READDIR, FLOCK, TRUNCATE, CHMOD, UTIME, COPY, STATFS, CLOSE };

/* MOMENT does nothing but count; CHANGE puts another file in an input's place. */
enum mode { MOMENT, FAIL, DIE, SHORTEN, CHANGE };

enum change { REPLACE, REWRITE, REMOVE, DISGUISE };

#define FDS 65536
#define DIRECTORIES 64
#define ENTRIES 8192
#define ENTRY_LENGTH 256
#define CLONE_REQUEST 0x40049409UL

/* The driver writes the same offsets. */
struct block {
    _Atomic uint32_t armed;
    uint32_t mode;
    uint32_t error;      /* errno */
    uint32_t calls;      /* bits: which kinds count */
    uint32_t at;         /* the number of the call, from 1 */
    uint32_t lasts;      /* whether all that follow fail, too */
    uint32_t change;
    uint32_t process;    /* the only one that counts; 0 for all */
    _Atomic uint32_t count;
    _Atomic uint32_t fired;
    uint32_t fired_call;
    _Atomic uint32_t logged;
    uint32_t unused[4];
    char root[512];
    char only[512];      /* parts of the paths that count, each with a bar behind it; empty for all */
    char from[512];      /* of CHANGE */
    char to[512];
    char fired_path[512];
    char entries[ENTRIES][ENTRY_LENGTH]; /* kind, then path below the root */
};

static struct block *block;
static char *paths[FDS]; /* of files below the root that are open */
static struct { DIR *directory; char path[PATH_MAX]; } directories[DIRECTORIES];
static __thread int inside; /* what the shim itself does is nobody's call */

#if defined(__aarch64__)
#define OLDEST_GLIBC "GLIBC_2.17"
#else
#define OLDEST_GLIBC "GLIBC_2.2.5"
#endif

static void *real_dlsym(void *handle, const char *name) {
    static void *(*found)(void *, const char *);
    if (!found)
        found = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", OLDEST_GLIBC);
    return found(handle, name);
}

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = (__typeof__(&name))real_dlsym(RTLD_NEXT, #name); real; })
#define REAL_AS(type, name) ({ static __typeof__(type) real; if (!real) real = (__typeof__(type))real_dlsym(RTLD_NEXT, name); real; })

__attribute__((constructor)) static void start(void) {
    const char *file = getenv("LORAMERGE_FAULTS");
    if (!file || block)
        return;
    int fd = REAL(open)(file, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    void *mapped = REAL(mmap)(NULL, sizeof(struct block), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REAL(close)(fd);
    if (mapped != MAP_FAILED)
        block = mapped;
}

static int is_below(const char *path) {
    size_t length = strlen(block->root);
    return length > 0 && strncmp(path, block->root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

/* The path from the root of the file system, where it lies below the root that counts; else NULL. */
static const char *resolve(int folder, const char *path, char *buffer) {
    if (!block || inside || !path)
        return NULL;
    if (path[0] != '/') {
        if (folder == AT_FDCWD) {
            if (syscall(SYS_getcwd, buffer, PATH_MAX) < 0)
                return NULL;
        } else if (folder >= 0 && folder < FDS && paths[folder]) {
            snprintf(buffer, PATH_MAX, "%s", paths[folder]);
        } else {
            return NULL;
        }
        size_t length = strlen(buffer);
        if (path[0])
            snprintf(buffer + length, PATH_MAX - length, "/%s", path);
        path = buffer;
    }
    return is_below(path) ? path : NULL;
}

static const char *path_of(int fd) { return block && !inside && fd >= 0 && fd < FDS ? paths[fd] : NULL; }

static void change_input(void) {
    inside++;
    if (block->change == REMOVE) {
        REAL(unlink)(block->to);
    } else if (block->change != REWRITE) {
        REAL(rename)(block->from, block->to);
    } else {
        char bytes[65536];
        int from = REAL(open)(block->from, O_RDONLY | O_CLOEXEC), to = REAL(open)(block->to, O_WRONLY | O_TRUNC | O_CLOEXEC);
        for (ssize_t length; (length = REAL(read)(from, bytes, sizeof bytes)) > 0;)
            if (REAL(write)(to, bytes, length) < 0)
                break;
        REAL(close)(from);
        REAL(close)(to);
    }
    inside--;
}

static int counts(const char *text) {
    const char *part = block->only;
    if (!*part)
        return 1;
    for (const char *end; (end = strchr(part, '|')); part = end + 1)
        if (memmem(text, strlen(text), part, end - part))
            return 1;
    return 0;
}

/* Counts a call. Answers an errno that it has to fail with, or -1 where it has to be cut short, or 0. */
static int meet_two(enum call call, const char *path, const char *sign, const char *other) {
    if (!path || !block->armed || !(block->calls & (1u << call)) || (block->process && block->process != (uint32_t)getpid()))
        return 0;
    char text[512];
    size_t skipped = strlen(block->root);
    snprintf(text, sizeof text, "%s%s%s", path + skipped, other ? sign : "", other ? (is_below(other) ? other + skipped : other) : "");
    if (!counts(text))
        return 0;
    uint32_t number = atomic_fetch_add(&block->count, 1) + 1;
    uint32_t entry = atomic_fetch_add(&block->logged, 1);
    if (entry < ENTRIES) {
        block->entries[entry][0] = (char)call;
        snprintf(block->entries[entry] + 1, ENTRY_LENGTH - 1, "%.*s", ENTRY_LENGTH - 2, text);
    }
    if (block->mode == MOMENT || !block->at || (block->lasts ? number < block->at : number != block->at))
        return 0;
    if (atomic_fetch_add(&block->fired, 1) == 0) {
        block->fired_call = call;
        snprintf(block->fired_path, sizeof block->fired_path, "%s", text);
    }
    switch (block->mode) {
    case DIE:
        syscall(SYS_kill, getpid(), SIGKILL);
        for (;;)
            pause();
    case SHORTEN:
        return -1;
    case CHANGE:
        change_input();
        return 0;
    default:
        return (int)block->error;
    }
}

static int meet(enum call call, const char *path, const char *other) { return meet_two(call, path, " -> ", other); }

#define MEET(call, path, other) do { int met = meet(call, path, other); if (met > 0) { errno = met; return -1; } } while (0)

static void note(int fd, const char *path) {
    if (fd >= 0 && fd < FDS) {
        inside++;
        char *old = __atomic_exchange_n(&paths[fd], path ? strdup(path) : NULL, __ATOMIC_SEQ_CST);
        free(old);
        inside--;
    }
}

/* open */

static int open_as(int folder, const char *path, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    const char *full = resolve(folder, path, buffer);
    MEET(flags & O_CREAT ? CREATE : OPEN, full, NULL);
    int fd = REAL(openat)(folder, path, flags, mode);
    if (fd >= 0 && (full || (block && fd < FDS && paths[fd])))
        note(fd, full);
    return fd;
}

#define MODE_OF(flags) ({ mode_t mode = 0; if ((flags) & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } mode; })

int open(const char *path, int flags, ...) { return open_as(AT_FDCWD, path, flags, MODE_OF(flags)); }
int open64(const char *path, int flags, ...) { return open_as(AT_FDCWD, path, flags | O_LARGEFILE, MODE_OF(flags)); }
int openat(int folder, const char *path, int flags, ...) { return open_as(folder, path, flags, MODE_OF(flags)); }
int openat64(int folder, const char *path, int flags, ...) { return open_as(folder, path, flags | O_LARGEFILE, MODE_OF(flags)); }
int creat(const char *path, mode_t mode) { return open_as(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

/* A close that fails has closed all the same. */
int close(int fd) {
    int met = meet(CLOSE, path_of(fd), NULL);
    if (path_of(fd))
        note(fd, NULL); /* before: afterwards another thread may have the number */
    int closed = REAL(close)(fd);
    if (met <= 0)
        return closed;
    errno = met;
    return -1;
}

int dup2(int from, int to) {
    const char *path = path_of(from);
    int fd = REAL(dup2)(from, to);
    if (fd >= 0 && from != to && (path || path_of(to)))
        note(fd, path);
    return fd;
}

int dup3(int from, int to, int flags) {
    const char *path = path_of(from);
    int fd = REAL(dup3)(from, to, flags);
    if (fd >= 0 && (path || path_of(to)))
        note(fd, path);
    return fd;
}

int dup(int from) {
    int fd = REAL(dup)(from);
    if (fd >= 0 && path_of(from))
        note(fd, path_of(from));
    return fd;
}

/* read and write */

#define CUT(call, fd, length) do { \
        int met = meet(call, path_of(fd), NULL); \
        if (met > 0) { errno = met; return -1; } \
        if (met < 0 && length > 1) length /= 2; \
    } while (0)

ssize_t read(int fd, void *bytes, size_t length) { CUT(READ, fd, length); return REAL(read)(fd, bytes, length); }
ssize_t pread(int fd, void *bytes, size_t length, off_t offset) { CUT(READ, fd, length); return REAL(pread)(fd, bytes, length, offset); }
ssize_t pread64(int fd, void *bytes, size_t length, off64_t offset) { CUT(READ, fd, length); return REAL(pread64)(fd, bytes, length, offset); }
ssize_t write(int fd, const void *bytes, size_t length) { CUT(WRITE, fd, length); return REAL(write)(fd, bytes, length); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { CUT(WRITE, fd, length); return REAL(pwrite)(fd, bytes, length, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) { CUT(WRITE, fd, length); return REAL(pwrite64)(fd, bytes, length, offset); }

/* Of several pieces, a cut leaves half of the first. */
#define CUT_PIECES(call, fd, pieces, count, CALL) do { \
        int met = meet(call, path_of(fd), NULL); \
        if (met > 0) { errno = met; return -1; } \
        if (met < 0 && count > 0) { struct iovec half = pieces[0]; if (half.iov_len > 1) half.iov_len /= 2; const struct iovec *pieces = &half; int count = 1; return CALL; } \
        return CALL; \
    } while (0)

ssize_t readv(int fd, const struct iovec *pieces, int count) { CUT_PIECES(READ, fd, pieces, count, REAL(readv)(fd, pieces, count)); }
ssize_t preadv(int fd, const struct iovec *pieces, int count, off_t offset) { CUT_PIECES(READ, fd, pieces, count, REAL(preadv)(fd, pieces, count, offset)); }
ssize_t preadv64(int fd, const struct iovec *pieces, int count, off64_t offset) { CUT_PIECES(READ, fd, pieces, count, REAL(preadv64)(fd, pieces, count, offset)); }
ssize_t writev(int fd, const struct iovec *pieces, int count) { CUT_PIECES(WRITE, fd, pieces, count, REAL(writev)(fd, pieces, count)); }
ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset) { CUT_PIECES(WRITE, fd, pieces, count, REAL(pwritev)(fd, pieces, count, offset)); }
ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t offset) { CUT_PIECES(WRITE, fd, pieces, count, REAL(pwritev64)(fd, pieces, count, offset)); }

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    int met = meet(READ, path_of(fd), NULL);
    if (met > 0) {
        errno = met;
        return MAP_FAILED;
    }
    return REAL(mmap)(address, length, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset) { return mmap(address, length, protection, flags, fd, offset); }

ssize_t sendfile(int to, int from, off_t *offset, size_t length) { CUT(COPY, to, length); return REAL(sendfile)(to, from, offset, length); }
ssize_t sendfile64(int to, int from, off64_t *offset, size_t length) { CUT(COPY, to, length); return REAL(sendfile64)(to, from, offset, length); }
ssize_t copy_file_range(int from, off64_t *offset, int to, off64_t *other, size_t length, unsigned flags) { CUT(COPY, to, length); return REAL(copy_file_range)(from, offset, to, other, length, flags); }

/* .NET makes this one call by its number. */
long syscall(long number, ...) {
    va_list more;
    va_start(more, number);
    long a = va_arg(more, long), b = va_arg(more, long), c = va_arg(more, long), d = va_arg(more, long), e = va_arg(more, long), f = va_arg(more, long);
    va_end(more);
    if (number == SYS_copy_file_range) {
        size_t length = (size_t)e;
        CUT(COPY, (int)c, length);
        e = (long)length;
    }
    if (number == SYS_renameat2)
        return renameat2((int)a, (const char *)b, (int)c, (const char *)d, (unsigned)e);
    if (number == SYS_openat)
        return openat((int)a, (const char *)b, (int)c, (mode_t)d);
    if (number == SYS_openat2) {
        errno = ENOSYS; /* as an older kernel: whoever wants it falls back to what is counted */
        return -1;
    }
    return REAL(syscall)(number, a, b, c, d, e, f);
}

int fsync(int fd) { MEET(FSYNC, path_of(fd), NULL); return REAL(fsync)(fd); }
int fdatasync(int fd) { MEET(FSYNC, path_of(fd), NULL); return REAL(fdatasync)(fd); }
int syncfs(int fd) { MEET(FSYNC, path_of(fd), NULL); return REAL(syncfs)(fd); }
int ftruncate(int fd, off_t length) { MEET(TRUNCATE, path_of(fd), NULL); return REAL(ftruncate)(fd, length); }
int ftruncate64(int fd, off64_t length) { MEET(TRUNCATE, path_of(fd), NULL); return REAL(ftruncate64)(fd, length); }
int fallocate(int fd, int mode, off_t offset, off_t length) { MEET(TRUNCATE, path_of(fd), NULL); return REAL(fallocate)(fd, mode, offset, length); }
int fallocate64(int fd, int mode, off64_t offset, off64_t length) { MEET(TRUNCATE, path_of(fd), NULL); return REAL(fallocate64)(fd, mode, offset, length); }
int posix_fallocate(int fd, off_t offset, off_t length) { int met = meet(TRUNCATE, path_of(fd), NULL); return met > 0 ? met : REAL(posix_fallocate)(fd, offset, length); }
int posix_fallocate64(int fd, off64_t offset, off64_t length) { int met = meet(TRUNCATE, path_of(fd), NULL); return met > 0 ? met : REAL(posix_fallocate64)(fd, offset, length); }
int flock(int fd, int operation) { MEET(FLOCK, path_of(fd), NULL); return REAL(flock)(fd, operation); }
int fchmod(int fd, mode_t mode) { MEET(CHMOD, path_of(fd), NULL); return REAL(fchmod)(fd, mode); }
int futimens(int fd, const struct timespec times[2]) { MEET(UTIME, path_of(fd), NULL); return REAL(futimens)(fd, times); }
int fstatfs(int fd, struct statfs *answer) { MEET(STATFS, path_of(fd), NULL); return REAL(fstatfs)(fd, answer); }
int fstatfs64(int fd, struct statfs64 *answer) { MEET(STATFS, path_of(fd), NULL); return REAL(fstatfs64)(fd, answer); }

int ioctl(int fd, unsigned long request, ...) {
    va_list more;
    va_start(more, request);
    void *argument = va_arg(more, void *);
    va_end(more);
    if (request == CLONE_REQUEST)
        MEET(CLONE, path_of(fd), NULL);
    return REAL(ioctl)(fd, request, argument);
}

int fcntl(int fd, int command, ...) {
    va_list more;
    va_start(more, command);
    void *argument = va_arg(more, void *);
    va_end(more);
    if (command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW)
        MEET(FLOCK, path_of(fd), NULL);
    int answer = REAL(fcntl)(fd, command, argument);
    if (answer >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC) && path_of(fd))
        note(answer, path_of(fd));
    return answer;
}

int fcntl64(int fd, int command, ...) {
    va_list more;
    va_start(more, command);
    void *argument = va_arg(more, void *);
    va_end(more);
    return fcntl(fd, command, argument);
}

/* names */

#define BY_NAME(call, path, invoke) do { \
        char buffer[PATH_MAX]; \
        MEET(call, resolve(AT_FDCWD, path, buffer), NULL); \
        return invoke; \
    } while (0)

/* Of two names, the first that lies below the root is the one that counts. */
#define BY_NAMES(call, folder, path, other_folder, other, invoke) do { \
        char buffer[PATH_MAX], other_buffer[PATH_MAX]; \
        const char *full = resolve(folder, path, buffer), *other_full = resolve(other_folder, other, other_buffer); \
        if (full) MEET(call, full, other_full ? other_full : other); \
        else MEET(call, other_full, NULL); \
        return invoke; \
    } while (0)

int rename(const char *from, const char *to) { BY_NAMES(RENAME, AT_FDCWD, from, AT_FDCWD, to, REAL(rename)(from, to)); }
int renameat(int folder, const char *from, int other, const char *to) { BY_NAMES(RENAME, folder, from, other, to, REAL(renameat)(folder, from, other, to)); }

int renameat2(int folder, const char *from, int other, const char *to, unsigned flags) {
    char buffer[PATH_MAX], other_buffer[PATH_MAX];
    const char *full = resolve(folder, from, buffer), *other_full = resolve(other, to, other_buffer);
    int met = full && other_full ? meet_two(RENAME, full, flags & RENAME_EXCHANGE ? " <-> " : " -> ", other_full) : 0;
    if (met > 0) {
        errno = met;
        return -1;
    }
    return REAL(renameat2)(folder, from, other, to, flags);
}

int link(const char *from, const char *to) { BY_NAMES(LINK, AT_FDCWD, from, AT_FDCWD, to, REAL(link)(from, to)); }
int linkat(int folder, const char *from, int other, const char *to, int flags) { BY_NAMES(LINK, folder, from, other, to, REAL(linkat)(folder, from, other, to, flags)); }
int symlink(const char *target, const char *path) { BY_NAME(SYMLINK, path, REAL(symlink)(target, path)); }
int unlink(const char *path) { BY_NAME(UNLINK, path, REAL(unlink)(path)); }
int rmdir(const char *path) { BY_NAME(RMDIR, path, REAL(rmdir)(path)); }
int remove(const char *path) { BY_NAME(UNLINK, path, REAL(remove)(path)); }
int mkdir(const char *path, mode_t mode) { BY_NAME(MKDIR, path, REAL(mkdir)(path, mode)); }
int chmod(const char *path, mode_t mode) { BY_NAME(CHMOD, path, REAL(chmod)(path, mode)); }
int truncate(const char *path, off_t length) { BY_NAME(TRUNCATE, path, REAL(truncate)(path, length)); }
int euidaccess(const char *path, int mode) { BY_NAME(STAT, path, REAL(euidaccess)(path, mode)); }
int faccessat(int folder, const char *path, int mode, int flags) {
    char buffer[PATH_MAX];
    MEET(STAT, resolve(folder, path, buffer), NULL);
    return REAL(faccessat)(folder, path, mode, flags);
}

int symlinkat(const char *target, int folder, const char *path) {
    char buffer[PATH_MAX];
    MEET(SYMLINK, resolve(folder, path, buffer), NULL);
    return REAL(symlinkat)(target, folder, path);
}

int chown(const char *path, uid_t owner, gid_t group) { BY_NAME(CHMOD, path, REAL(chown)(path, owner, group)); }
int lchown(const char *path, uid_t owner, gid_t group) { BY_NAME(CHMOD, path, REAL(lchown)(path, owner, group)); }
int fchown(int fd, uid_t owner, gid_t group) { MEET(CHMOD, path_of(fd), NULL); return REAL(fchown)(fd, owner, group); }
int access(const char *path, int mode) { BY_NAME(STAT, path, REAL(access)(path, mode)); }
ssize_t readlink(const char *path, char *target, size_t length) { BY_NAME(STAT, path, REAL(readlink)(path, target, length)); }
int statfs(const char *path, struct statfs *answer) { BY_NAME(STATFS, path, REAL(statfs)(path, answer)); }
int statfs64(const char *path, struct statfs64 *answer) { BY_NAME(STATFS, path, REAL(statfs64)(path, answer)); }

int unlinkat(int folder, const char *path, int flags) {
    char buffer[PATH_MAX];
    MEET(flags & AT_REMOVEDIR ? RMDIR : UNLINK, resolve(folder, path, buffer), NULL);
    return REAL(unlinkat)(folder, path, flags);
}

int mkdirat(int folder, const char *path, mode_t mode) {
    char buffer[PATH_MAX];
    MEET(MKDIR, resolve(folder, path, buffer), NULL);
    return REAL(mkdirat)(folder, path, mode);
}

int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
    char buffer[PATH_MAX];
    MEET(UTIME, resolve(folder, path, buffer), NULL);
    return REAL(utimensat)(folder, path, times, flags);
}

char *realpath(const char *path, char *resolved) {
    char buffer[PATH_MAX];
    int met = meet(STAT, resolve(AT_FDCWD, path, buffer), NULL);
    if (met > 0) {
        errno = met;
        return NULL;
    }
    return REAL(realpath)(path, resolved);
}

/* stat, by its names in all versions of glibc */

int stat(const char *path, struct stat *answer) { BY_NAME(STAT, path, REAL_AS(int (*)(const char *, struct stat *), "stat")(path, answer)); }
int lstat(const char *path, struct stat *answer) { BY_NAME(STAT, path, REAL_AS(int (*)(const char *, struct stat *), "lstat")(path, answer)); }
int fstat(int fd, struct stat *answer) { MEET(STAT, path_of(fd), NULL); return REAL_AS(int (*)(int, struct stat *), "fstat")(fd, answer); }
int stat64(const char *path, struct stat64 *answer) { BY_NAME(STAT, path, REAL_AS(int (*)(const char *, struct stat64 *), "stat64")(path, answer)); }
int lstat64(const char *path, struct stat64 *answer) { BY_NAME(STAT, path, REAL_AS(int (*)(const char *, struct stat64 *), "lstat64")(path, answer)); }
int fstat64(int fd, struct stat64 *answer) { MEET(STAT, path_of(fd), NULL); return REAL_AS(int (*)(int, struct stat64 *), "fstat64")(fd, answer); }
int __xstat(int version, const char *path, struct stat *answer) { BY_NAME(STAT, path, REAL_AS(int (*)(int, const char *, struct stat *), "__xstat")(version, path, answer)); }
int __lxstat(int version, const char *path, struct stat *answer) { BY_NAME(STAT, path, REAL_AS(int (*)(int, const char *, struct stat *), "__lxstat")(version, path, answer)); }
int __fxstat(int version, int fd, struct stat *answer) { MEET(STAT, path_of(fd), NULL); return REAL_AS(int (*)(int, int, struct stat *), "__fxstat")(version, fd, answer); }
int __xstat64(int version, const char *path, struct stat64 *answer) { BY_NAME(STAT, path, REAL_AS(int (*)(int, const char *, struct stat64 *), "__xstat64")(version, path, answer)); }
int __lxstat64(int version, const char *path, struct stat64 *answer) { BY_NAME(STAT, path, REAL_AS(int (*)(int, const char *, struct stat64 *), "__lxstat64")(version, path, answer)); }
int __fxstat64(int version, int fd, struct stat64 *answer) { MEET(STAT, path_of(fd), NULL); return REAL_AS(int (*)(int, int, struct stat64 *), "__fxstat64")(version, fd, answer); }

int fstatat(int folder, const char *path, struct stat *answer, int flags) {
    char buffer[PATH_MAX];
    MEET(STAT, path[0] ? resolve(folder, path, buffer) : path_of(folder), NULL);
    return REAL_AS(int (*)(int, const char *, struct stat *, int), "fstatat")(folder, path, answer, flags);
}

int statx(int folder, const char *restrict path, int flags, unsigned mask, struct statx *restrict answer) {
    char buffer[PATH_MAX];
    MEET(STAT, path[0] ? resolve(folder, path, buffer) : path_of(folder), NULL);
    return REAL(statx)(folder, path, flags, mask, answer);
}

/* directories */

DIR *opendir(const char *path) {
    char buffer[PATH_MAX];
    const char *full = resolve(AT_FDCWD, path, buffer);
    int met = meet(READDIR, full, NULL);
    if (met > 0) {
        errno = met;
        return NULL;
    }
    DIR *directory = REAL(opendir)(path);
    for (int i = 0; full && directory && i < DIRECTORIES; i++) {
        DIR *none = NULL;
        if (__atomic_compare_exchange_n(&directories[i].directory, &none, directory, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
            snprintf(directories[i].path, PATH_MAX, "%s", full);
            break;
        }
    }
    return directory;
}

static const char *path_of_directory(DIR *directory) {
    for (int i = 0; block && i < DIRECTORIES; i++)
        if (directories[i].directory == directory)
            return directories[i].path;
    return NULL;
}

#define NEXT_ENTRY(name) do { \
        int met = meet(READDIR, path_of_directory(directory), NULL); \
        if (met > 0) { errno = met; return NULL; } \
        return REAL(name)(directory); \
    } while (0)

DIR *fdopendir(int fd) {
    int met = meet(READDIR, path_of(fd), NULL);
    if (met > 0) {
        errno = met;
        return NULL;
    }
    return REAL(fdopendir)(fd);
}

struct dirent *readdir(DIR *directory) { NEXT_ENTRY(readdir); }
struct dirent64 *readdir64(DIR *directory) { NEXT_ENTRY(readdir64); }

int closedir(DIR *directory) {
    for (int i = 0; block && i < DIRECTORIES; i++)
        if (directories[i].directory == directory)
            __atomic_store_n(&directories[i].directory, NULL, __ATOMIC_SEQ_CST);
    return REAL(closedir)(directory);
}

/* What a program fetches from libc by name, as .NET does for [DllImport("libc")], is ours where it is libc's. */
void *dlsym(void *handle, const char *name) {
    static const struct { const char *name; void *ours; } known[] = {
#define KNOWN(function) { #function, (void *)function }
        KNOWN(open), KNOWN(open64), KNOWN(openat), KNOWN(close), KNOWN(read), KNOWN(pread), KNOWN(pread64), KNOWN(write), KNOWN(pwrite), KNOWN(pwrite64),
        KNOWN(fsync), KNOWN(fdatasync), KNOWN(syncfs), KNOWN(ftruncate), KNOWN(fallocate), KNOWN(posix_fallocate), KNOWN(flock), KNOWN(ioctl), KNOWN(fcntl),
        KNOWN(rename), KNOWN(renameat), KNOWN(renameat2), KNOWN(link), KNOWN(linkat), KNOWN(symlink), KNOWN(unlink), KNOWN(unlinkat), KNOWN(rmdir), KNOWN(remove),
        KNOWN(mkdir), KNOWN(chmod), KNOWN(fchmod), KNOWN(stat), KNOWN(lstat), KNOWN(fstat), KNOWN(statx), KNOWN(fstatat), KNOWN(access), KNOWN(readlink), KNOWN(realpath),
        KNOWN(opendir), KNOWN(readdir), KNOWN(readdir64), KNOWN(closedir), KNOWN(utimensat), KNOWN(futimens), KNOWN(copy_file_range), KNOWN(sendfile), KNOWN(statfs), KNOWN(fstatfs),
    };
    void *found = real_dlsym(handle, name);
    if (!found || !block)
        return found;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, name) == 0 && found == real_dlsym(RTLD_NEXT, name))
            return known[i].ours;
    return found;
}
