/*
 * mac1 of an initiation or a response under many keys at once, for processors with AVX2 or AVX-512. .NET compiles a whole program for one
 * set of instructions, here that of every x86-64. A C compiler takes a set for each function. docs/decisions/0034 says more.
 *
 * Keys lie in groups of sixteen, each nine rows of sixteen words (Mac1Group.cs): eight rows of their states, and one that is
 * zero where there is a key and has all bits set where there is none.
 */
#include <stdint.h>

typedef int match(const uint32_t *groups, int count, const uint8_t *message, int hashed);

#ifdef __x86_64__
#include <immintrin.h>
#include <string.h>

enum { KEYS = 16, STATE = 8, WORDS = (STATE + 1) * KEYS, BLOCK = 64, BLOCK_WORDS = 16, ROUNDS = 10 };

static const uint32_t start[STATE] = {
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
};

static const uint8_t schedule[ROUNDS * BLOCK_WORDS] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
    11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
    7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
    9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
    2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
    12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
    13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
    6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
    10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
};

/* A block's words in the order in which the rounds take them. */
static void order(uint32_t *ordered, const uint8_t *bytes, size_t length)
{
    uint32_t words[BLOCK_WORDS] = {0};
    memcpy(words, bytes, length);
    for (int i = 0; i < ROUNDS * BLOCK_WORDS; i++)
        ordered[i] = words[schedule[i]];
}

/* Rotations by whole bytes are one shuffle with AVX2. Each compiler has a habit to be kept from: clang 14 makes two of a shuffle
 * whose order it knows (8 % slower), gcc 12 adds what is ready last first (3 %). */
#ifdef __clang__
#define HIDE(x) __asm__("" : "+x"(x))
#else
#pragma GCC optimize("no-tree-reassoc")
#define HIDE(x)
#endif
static const uint8_t order_16[32] = {
    2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,
};
static const uint8_t order_8[32] = {
    1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12,
};

#define ISA "avx2"
#define LANES 8
#define NAME(x) x##_8
#define PREPARE                                                                                                                \
    __m256i by_16 = _mm256_loadu_si256((const __m256i *)order_16), by_8 = _mm256_loadu_si256((const __m256i *)order_8);        \
    HIDE(by_16);                                                                                                               \
    HIDE(by_8);
#define ROTATE_16(x) ((NAME(vector))_mm256_shuffle_epi8((__m256i)(x), by_16))
#define ROTATE_8(x) ((NAME(vector))_mm256_shuffle_epi8((__m256i)(x), by_8))
#define ZEROS(x) _mm256_movemask_ps((__m256)_mm256_cmpeq_epi32((__m256i)(x), _mm256_setzero_si256()))
#include "mac1_lanes.h"

/* AVX-512 rotates by any number; both compilers find that in the shifts. */
#define ISA "avx512f"
#define LANES 16
#define NAME(x) x##_16
#define PREPARE
#define ROTATE_16(x) ROTATE(x, 16)
#define ROTATE_8(x) ROTATE(x, 8)
#define ZEROS(x) _mm512_cmpeq_epi32_mask((__m512i)(x), _mm512_setzero_si512())
#include "mac1_lanes.h"

/* What compares so many keys at once, 16 or 8. */
match *wgproxy_mac1_match(int lanes) { return lanes == 16 ? match_16 : match_8; }

/* How many keys at once this processor and its system allow: 16, 8 or 0. */
int wgproxy_mac1_lanes(void)
{
    __builtin_cpu_init();
    /* The first processors with AVX-512 lower their clock for it; those with VBMI2 (Ice Lake, Zen 4) hardly do. */
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vbmi2"))
        return 16;
    return __builtin_cpu_supports("avx2") ? 8 : 0;
}
#else
/* Other processors: .NET compares with the vectors that all of them have, four keys at once on arm64. */
match *wgproxy_mac1_match(int lanes) { return (void)lanes, (match *)0; }

int wgproxy_mac1_lanes(void) { return 0; }
#endif
