// What a segmented send costs: with 64 datagrams or 128 (Linux 6.9 and later), copied or with MSG_ZEROCOPY.
//   gcc -O2 -o trains trains.c && ./trains ROUNDS ADDRESS [NETNS]
// ADDRESS is the receiver's, which is opened in the network namespace NETNS (a path) and drops everything in a filter, so that
// neither a reader nor a full queue is measured. Prints nanoseconds per datagram, methods visited in turn, medians of the rounds.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MostRounds = 1000, Sends = 400, Window = 64 };

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#define MSG_ZEROCOPY 0x4000000
#endif

static char payload[65536];
static int sender;

struct method { const char *name; int length, datagrams, zerocopy; long times[MostRounds]; };
static struct method methods[] = {
    { "1452 B × 44, copied", 1452, 44, 0 },
    { "1452 B × 44, MSG_ZEROCOPY", 1452, 44, 1 },
    { "1452 B × 1, copied", 1452, 1, 0 },
    { "1452 B × 1, MSG_ZEROCOPY", 1452, 1, 1 },
    { "128 B × 32, copied", 128, 32, 0 },
    { "128 B × 64, copied", 128, 64, 0 },
    { "128 B × 128, copied", 128, 128, 0 },
    { "500 B × 64, copied", 500, 64, 0 },
    { "500 B × 128, copied", 500, 128, 0 },
};
enum { Methods = sizeof(methods) / sizeof(methods[0]) };

static void fail(const char *what) { perror(what); exit(1); }

static void reap(int *pending)
{
    char control[128];
    struct msghdr message = { .msg_control = control };
    while (*pending > 0) {
        message.msg_controllen = sizeof(control);
        if (recvmsg(sender, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
            if (errno == EAGAIN) return;
            fail("recvmsg");
        }
        struct sock_extended_err *told = (struct sock_extended_err *)CMSG_DATA(CMSG_FIRSTHDR(&message));
        *pending -= told->ee_data - told->ee_info + 1;
    }
}

static long visit(const struct method *method)
{
    char control[CMSG_SPACE(sizeof(unsigned short))] = { 0 };
    struct iovec part = { payload, method->length * method->datagrams };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (method->datagrams > 1) {
        message.msg_control = control;
        message.msg_controllen = sizeof(control);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_UDP;
        header->cmsg_type = UDP_SEGMENT;
        header->cmsg_len = CMSG_LEN(sizeof(unsigned short));
        *(unsigned short *)CMSG_DATA(header) = method->length;
    }
    struct timespec from, to;
    int pending = 0, refused = 0;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < Sends; i++) {
        if (sendmsg(sender, &message, method->zerocopy ? MSG_ZEROCOPY : 0) < 0) {
            if (errno != ENOBUFS) return -errno;
            refused++;
        } else
            pending += method->zerocopy;
        if (pending >= Window) reap(&pending);
    }
    while (pending > 0) reap(&pending);
    clock_gettime(CLOCK_MONOTONIC, &to);
    if (refused) fprintf(stderr, "%s: %d refused\n", method->name, refused);
    return ((to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec - from.tv_nsec) / ((long)Sends * method->datagrams);
}

static int by_size(const void *a, const void *b) { return (*(long *)a > *(long *)b) - (*(long *)a < *(long *)b); }

int main(int count, char **arguments)
{
    if (count < 3) return fprintf(stderr, "trains ROUNDS ADDRESS [NETNS]\n"), 2;
    int rounds = atoi(arguments[1]), on = 1, home = open("/proc/self/ns/net", O_RDONLY);
    if (rounds < 1 || rounds > MostRounds) return 2;
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t length = sizeof(at);
    inet_pton(AF_INET, arguments[2], &at.sin_addr);
    if (count > 3 && setns(open(arguments[3], O_RDONLY), CLONE_NEWNET)) fail("setns");
    int receiver = socket(AF_INET, SOCK_DGRAM, 0);
    struct sock_filter nothing = { BPF_RET | BPF_K, 0, 0, 0 };
    struct sock_fprog program = { 1, &nothing };
    if (bind(receiver, (struct sockaddr *)&at, length) || setsockopt(receiver, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program))) fail("receiver");
    getsockname(receiver, (struct sockaddr *)&at, &length);
    if (setns(home, CLONE_NEWNET)) fail("setns");
    sender = socket(AF_INET, SOCK_DGRAM, 0);
    int buffer = 8 << 20;
    setsockopt(sender, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
    if (setsockopt(sender, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on))) fail("SO_ZEROCOPY");
    if (connect(sender, (struct sockaddr *)&at, length)) fail("connect");
    for (int round = -1; round < rounds; round++)
        for (int i = 0; i < Methods; i++) {
            long time = visit(&methods[i]);
            if (round >= 0) methods[i].times[round] = time;
        }
    for (int i = 0; i < Methods; i++) {
        qsort(methods[i].times, rounds, sizeof(long), by_size);
        if (methods[i].times[0] < 0) printf("%-28s refused: %s\n", methods[i].name, strerror(-methods[i].times[0]));
        else printf("%-28s %5ld ns (%ld to %ld)\n", methods[i].name, methods[i].times[rounds / 2], methods[i].times[0], methods[i].times[rounds - 1]);
    }
    return 0;
}
