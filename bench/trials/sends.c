// What one send to each of many connected sockets costs: a sendmmsg for each, or a batch of them by io_uring.
//   gcc -O2 -o sends sends.c && ./sends [rounds]
// The receiver drops everything in a filter, so that neither a reader nor a full queue is measured. Prints nanoseconds per
// datagram, methods visited in turn, medians of the rounds.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { Sockets = 256, Batch = 64, Length = 1452, Turns = 400 };

static int descriptors[Sockets];
static char payload[Length];

static unsigned *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
static struct io_uring_sqe *sqes;
static struct io_uring_cqe *cqes;
static int ring;

static void fail(const char *what) { perror(what); exit(1); }

static void open_ring(void)
{
    struct io_uring_params p = { .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN };
    ring = syscall(SYS_io_uring_setup, Batch, &p);
    if (ring < 0) fail("io_uring_setup");
    char *sq = mmap(0, p.sq_off.array + p.sq_entries * sizeof(unsigned), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
    char *cq = mmap(0, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_CQ_RING);
    sqes = mmap(0, p.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
    sq_tail = (unsigned *)(sq + p.sq_off.tail);
    sq_mask = (unsigned *)(sq + p.sq_off.ring_mask);
    sq_array = (unsigned *)(sq + p.sq_off.array);
    cq_head = (unsigned *)(cq + p.cq_off.head);
    cq_tail = (unsigned *)(cq + p.cq_off.tail);
    cq_mask = (unsigned *)(cq + p.cq_off.ring_mask);
    cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
    if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, descriptors, Sockets) < 0) fail("io_uring_register");
}

static void by_sendmmsg(int first)
{
    for (int i = first; i < first + Batch; i++) {
        struct iovec part = { payload, Length };
        struct mmsghdr message = { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };
        if (sendmmsg(descriptors[i], &message, 1, MSG_DONTWAIT) != 1) fail("sendmmsg");
    }
}

static void by_send(int first)
{
    for (int i = first; i < first + Batch; i++)
        if (send(descriptors[i], payload, Length, MSG_DONTWAIT) != Length) fail("send");
}

static void by_ring(int first, int registered)
{
    unsigned tail = *sq_tail;
    for (int i = 0; i < Batch; i++, tail++) {
        unsigned at = tail & *sq_mask;
        struct io_uring_sqe *sqe = &sqes[at];
        memset(sqe, 0, sizeof(*sqe));
        sqe->opcode = IORING_OP_SEND;
        sqe->fd = registered ? first + i : descriptors[first + i];
        sqe->flags = registered ? IOSQE_FIXED_FILE : 0;
        sqe->addr = (unsigned long)payload;
        sqe->len = Length;
        sqe->msg_flags = MSG_DONTWAIT;
        sq_array[at] = at;
    }
    __atomic_store_n(sq_tail, tail, __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, ring, Batch, 0, 0, 0, 0) != Batch) fail("io_uring_enter");
    unsigned head = *cq_head, end = __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE);
    if (end - head != Batch) { fprintf(stderr, "%u of %d completed at once\n", end - head, Batch); exit(1); }
    for (; head != end; head++)
        if (cqes[head & *cq_mask].res != Length) { fprintf(stderr, "send: %d\n", cqes[head & *cq_mask].res); exit(1); }
    __atomic_store_n(cq_head, end, __ATOMIC_RELEASE);
}

static double measure(int method)
{
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int turn = 0; turn < Turns; turn++)
        for (int first = 0; first < Sockets; first += Batch)
            if (method == 0) by_sendmmsg(first); else if (method == 3) by_send(first); else by_ring(first, method == 2);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return ((to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec)) / ((double)Turns * Sockets);
}

static int ascending(const void *a, const void *b) { return (*(double *)a > *(double *)b) - (*(double *)a < *(double *)b); }

int main(int count, char **arguments)
{
    int rounds = count > 1 ? atoi(arguments[1]) : 15;
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof(to);
    int sink = socket(AF_INET, SOCK_DGRAM, 0);
    struct sock_filter nothing = { BPF_RET | BPF_K, 0, 0, 0 };
    struct sock_fprog program = { 1, &nothing };
    if (bind(sink, (struct sockaddr *)&to, length) || getsockname(sink, (struct sockaddr *)&to, &length)
        || setsockopt(sink, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program))) fail("sink");
    for (int i = 0; i < Sockets; i++) {
        descriptors[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (descriptors[i] < 0 || connect(descriptors[i], (struct sockaddr *)&to, length)) fail("connect");
    }
    open_ring();
    const char *names[] = { "sendmmsg, one for each", "io_uring, 64 at once", "io_uring, 64 at once, files registered", "send, one for each" };
    double *taken[4];
    for (int method = 0; method < 4; method++) taken[method] = malloc(rounds * sizeof(double));
    for (int method = 0; method < 4; method++) measure(method);
    for (int round = 0; round < rounds; round++)
        for (int method = 0; method < 4; method++) taken[(round + method) % 4][round] = measure((round + method) % 4);
    for (int method = 0; method < 4; method++) {
        qsort(taken[method], rounds, sizeof(double), ascending);
        printf("%-40s %6.0f ns (%.0f to %.0f)\n", names[method], taken[method][rounds / 2], taken[method][0], taken[method][rounds - 1]);
    }
    return 0;
}
