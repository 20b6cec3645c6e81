/* Tiles: some rows of inputs times some outputs of a block of weights, whose sums fit into the registers. */

#ifndef TILES_H
#define TILES_H

#include "numbers.h"

#define AHEAD 4096   /* bytes by which weights are prefetched */
#define NEAR 32      /* inputs, or pairs, whose weights of one block stay in the L1 cache */
#if defined(__AVX512F__) || defined(__aarch64__)
#define SUMS 24      /* registers for sums, of 32 */
#else
#define SUMS 12      /* of 16 */
#endif

/* Keep a vector in a register: compilers would rather load it again for each product. */
#if defined(__AVX2__) && !defined(__AVX512F__)
#define IN_REGISTER(vector) __asm__("" : "+x"(vector))
#else
#define IN_REGISTER(vector)
#endif

/* The kinds of tiles: the types of weights, which are also those of their inputs, and bfloat16 weights with float
   inputs: without an instruction for pairs of bfloat16 they are both faster and exact. */
enum { WIDENED = 3 };
#if defined(__AVX512BF16__)
#define HAS_PAIRS 1
#else
#define HAS_PAIRS 0
#endif

/* Bytes of a block for one input, or pair. */
INLINE int64_t width_of(int type) { return type == INT8 ? BLOCK : 4 * BLOCK; }

/* Vectors of a block whose sums fit into the registers for so many rows: a power of two. */
INLINE int together(int rows) {
    const int fitting = SUMS / rows;
    return fitting >= VECTORS ? VECTORS : fitting >= 8 ? 8 : fitting >= 4 ? 4 : fitting >= 2 ? 2 : 1;
}

/* Some weights as floats: the first of each pair with `half` 0, the second with 1. */
INLINE vec loaded(int type, const char *w, int half) {
    if (type == INT8) return widened(w);
    if (type == FLOAT32) return *(const vec *)w;
    return half ? (vec)(*(const ivec *)w & (int32_t)0xffff0000) : (vec)(*(const ivec *)w << 16);
}

/* Add the products of the inputs from `begin` to `end` (counted in pairs for bfloat16) to the sums of `rows` rows and
   `vectors` vectors of outputs, from vector `first` of a block. Input i of row r is inputs[i * along + r * across]. As
   many bytes as are read here are prefetched from `soon` on, if that is not null. */
INLINE void tile(int type, int rows, int vectors, int first, const void *block, const void *inputs, int64_t along,
                 int64_t across, int64_t begin, int64_t end, vec (*sums)[VECTORS], const char *soon) {
    const int64_t width = width_of(type), part = width / VECTORS; /* bytes of an input, and of one vector of it */
    const char *w = (const char *)block + begin * width + first * part;
    const float *x = inputs;
    const int halves = type == WIDENED ? 2 : 1;
    vec acc[8][VECTORS], weights[VECTORS];
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) acc[r][v] = sums[r][first + v];
    for (int64_t i = begin; i < end; i++, w += width) {
        if (soon) {
            UNROLL for (int64_t line = 0; line < vectors * part; line += 64) __builtin_prefetch(soon + line);
            soon += vectors * part;
        }
        if (type == BFLOAT16) {
            UNROLL for (int v = 0; v < vectors; v++) weights[v] = *(const vec *)(w + v * part);
            UNROLL for (int r = 0; r < rows; r++) {
                const uint32_t pair = ((const uint32_t *)inputs)[i * along + r * across];
#if defined(__AVX512BF16__)
                const __m512bh both = (__m512bh)_mm512_set1_epi32((int)pair);
                UNROLL for (int v = 0; v < vectors; v++) acc[r][v] =
                    (vec)_mm512_dpbf16_ps((__m512)acc[r][v], (__m512bh)weights[v], both);
#else
                const float even = from_bfloat16((uint16_t)pair), odd = from_bfloat16((uint16_t)(pair >> 16));
                UNROLL for (int v = 0; v < vectors; v++) {
                    acc[r][v] += loaded(WIDENED, w + v * part, 0) * even;
                    acc[r][v] += loaded(WIDENED, w + v * part, 1) * odd;
                }
#endif
            }
            continue;
        }
        UNROLL for (int half = 0; half < halves; half++) {
            const int64_t at = halves * i + half;
            if (rows == 1) {
                UNROLL for (int v = 0; v < vectors; v++) acc[0][v] += loaded(type, w + v * part, half) * x[at * along];
                continue;
            }
            UNROLL for (int v = 0; v < vectors; v++) weights[v] = loaded(type, w + v * part, half);
            UNROLL for (int v = 0; v < vectors; v++) IN_REGISTER(weights[v]);
            UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++)
                acc[r][v] += weights[v] * x[at * along + r * across];
        }
    }
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) sums[r][first + v] = acc[r][v];
}

/* `tile` for the first `vectors` vectors of a block in the L1 cache, as many at a time as fit into registers. */
INLINE void tiles(int type, int rows, int vectors, const void *block, const void *inputs, int64_t along, int64_t across,
                  int64_t begin, int64_t end, vec (*sums)[VECTORS], const char *soon) {
    const int n = together(rows) < vectors ? together(rows) : vectors;
    for (int first = 0; first < vectors; first += n, soon += (end - begin) * n * (width_of(type) / VECTORS))
        tile(type, rows, n, first, block, inputs, along, across, begin, end, sums, soon);
}

#endif
