/* Loaded before the C library: counts the calls that change files, and ends or stops the program before one of them; sets its clock ahead. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static long calls;

static void next_call(void) {
    const char *at = getenv("CUT_AT"), *with = getenv("CUT_WITH");
    if (at && with && __sync_add_and_fetch(&calls, 1) == atol(at)) {
        kill(getpid(), atoi(with));
    }
}

#define COUNTED(name, parameters, arguments)                                \
    int name parameters {                                                   \
        int(*next) parameters = (int(*) parameters)dlsym(RTLD_NEXT, #name); \
        next_call();                                                        \
        return next arguments;                                              \
    }

COUNTED(rename, (const char *from, const char *to), (from, to))
COUNTED(link, (const char *from, const char *to), (from, to))
COUNTED(linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
COUNTED(unlink, (const char *path), (path))
COUNTED(mkdir, (const char *path, mode_t mode), (path, mode))
COUNTED(fsync, (int file), (file))
COUNTED(fdatasync, (int file), (file))
COUNTED(flock, (int file, int how), (file, how))

int clock_gettime(clockid_t clock, struct timespec *time) {
    const char *ahead = getenv("CLOCK_AHEAD");
    int outcome = (int)syscall(SYS_clock_gettime, clock, time);
    if (ahead && clock == CLOCK_REALTIME) {
        time->tv_sec += atol(ahead);
    }
    return outcome;
}
