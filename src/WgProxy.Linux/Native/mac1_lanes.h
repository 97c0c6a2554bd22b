/* What is the same for vectors of every width; mac1_lanes.c includes it once for each. */

typedef uint32_t NAME(vector) __attribute__((vector_size(4 * LANES)));

#define BROADCAST(word) ((NAME(vector)){0} + (word))
#define ROTATE(x, by) (((x) >> (by)) | ((x) << (32 - (by))))
#define MIX(a, b, c, d, x, y)                                                                                                  \
    a = a + (x) + b;                                                                                                           \
    d = ROTATE_16(d ^ a);                                                                                                      \
    c += d;                                                                                                                    \
    b = b ^ c;                                                                                                                 \
    b = ROTATE(b, 12);                                                                                                         \
    a = a + (y) + b;                                                                                                           \
    d = ROTATE_8(d ^ a);                                                                                                       \
    c += d;                                                                                                                    \
    b = b ^ c;                                                                                                                 \
    b = ROTATE(b, 7)

/* Mixes a block into the states, RFC 7693, section 3.2. Without the last attribute clang 14 keeps vectors that find no register at
 * addresses that cross cache lines, in one process of two: up to a third slower. */
__attribute__((target(ISA), noinline, force_align_arg_pointer)) static void NAME(compress)(
    NAME(vector) state[STATE], const uint32_t *m, uint32_t compressed, uint32_t last)
{
    NAME(vector) v0 = state[0], v1 = state[1], v2 = state[2], v3 = state[3];
    NAME(vector) v4 = state[4], v5 = state[5], v6 = state[6], v7 = state[7];
    NAME(vector) v8 = BROADCAST(start[0]), v9 = BROADCAST(start[1]), v10 = BROADCAST(start[2]), v11 = BROADCAST(start[3]);
    NAME(vector) v12 = BROADCAST(start[4] ^ compressed), v13 = BROADCAST(start[5]);
    NAME(vector) v14 = BROADCAST(start[6] ^ last), v15 = BROADCAST(start[7]);

    PREPARE
    for (int round = 0; round < ROUNDS; round++, m += BLOCK_WORDS) {
        MIX(v0, v4, v8, v12, m[0], m[1]);
        MIX(v1, v5, v9, v13, m[2], m[3]);
        MIX(v2, v6, v10, v14, m[4], m[5]);
        MIX(v3, v7, v11, v15, m[6], m[7]);
        MIX(v0, v5, v10, v15, m[8], m[9]);
        MIX(v1, v6, v11, v12, m[10], m[11]);
        MIX(v2, v7, v8, v13, m[12], m[13]);
        MIX(v3, v4, v9, v14, m[14], m[15]);
    }

    state[0] ^= v0 ^ v8;
    state[1] ^= v1 ^ v9;
    state[2] ^= v2 ^ v10;
    state[3] ^= v3 ^ v11;
    state[4] ^= v4 ^ v12;
    state[5] ^= v5 ^ v13;
    state[6] ^= v6 ^ v14;
    state[7] ^= v7 ^ v15;
}

/* The first key whose mac1 the message carries behind so many hashed bytes, or -1: 116 in an initiation, two blocks; 60 in a response,
 * one. All four words are compared in all lanes, whatever differs. */
__attribute__((target(ISA))) static int NAME(match)(
    const uint32_t *groups, int count, const uint8_t *message, int hashed)
{
    uint32_t words[2][ROUNDS * BLOCK_WORDS], mac1[4];
    int whole = hashed > BLOCK ? BLOCK : 0;
    if (whole)
        order(words[0], message, BLOCK);
    order(words[1], message + whole, (size_t)(hashed - whole));
    memcpy(mac1, message + hashed, sizeof mac1);

    for (int key = 0; key < count; key += LANES) {
        const uint32_t *rows = groups + key / KEYS * WORDS + key % KEYS;
        NAME(vector) state[STATE], difference;
        for (int i = 0; i < STATE; i++)
            memcpy(&state[i], rows + i * KEYS, sizeof state[i]);
        memcpy(&difference, rows + STATE * KEYS, sizeof difference);
        if (whole)
            NAME(compress)(state, words[0], 2 * BLOCK, 0);
        NAME(compress)(state, words[1], (uint32_t)(BLOCK + hashed), UINT32_MAX);
        for (int i = 0; i < 4; i++)
            difference |= state[i] ^ mac1[i];
        uint32_t found = (uint32_t)ZEROS(difference);
        if (found)
            return key + __builtin_ctz(found);
    }

    return -1;
}

#undef BROADCAST
#undef ROTATE
#undef MIX
#undef ISA
#undef LANES
#undef NAME
#undef PREPARE
#undef ROTATE_16
#undef ROTATE_8
#undef ZEROS
