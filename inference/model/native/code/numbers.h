/* Numbers: the vectors of this processor, conversions, and the exponential function.

   Vectors are as wide as the processor's registers. Wider ones would go through memory, 10 to 16 times as slow, and
   take the compiler four times as long. */

#ifndef NUMBERS_H
#define NUMBERS_H

#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define BLOCK 64     /* outputs whose weights lie together */
#define KEYS 64      /* keys that attention reads at a time: with their values they stay in the L1 cache */
#if defined(__AVX512F__)
#define LANES 16     /* floats of a register */
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif
#define VECTORS (BLOCK / LANES)
#define UNROLL _Pragma("GCC unroll 16")
#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t ivec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int8_t bytes __attribute__((vector_size(LANES), aligned(1), may_alias));

enum { FLOAT32 = 0, BFLOAT16 = 1, INT8 = 2 };


INLINE float from_bfloat16(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, 4);
    return value;
}

INLINE uint16_t to_bfloat16(float value) { /* to the nearest, ties to even */
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

INLINE float exponential(float x) { /* relative error below 2e-6; NaN stays NaN */
    x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
    float n = rintf(x * 1.44269504f);
    float r = x - n * 0.69314718f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t power = ((int32_t)n + 127) << 23;
    float scale;
    memcpy(&scale, &power, 4);
    return p * scale;
}

INLINE vec widened(const void *whole) {
#if defined(__AVX512F__)
    return (vec)_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(whole)));
#elif defined(__AVX2__)
    return (vec)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(whole)));
#else
    return __builtin_convertvector(*(const bytes *)whole, vec);
#endif
}

/* The greatest of n > 0 numbers, ignoring NaN. In lanes, because a compiler may not reorder comparisons. */
static float greatest(const float *numbers, int64_t n) {
    float lanes[16], highest = numbers[0];
    int64_t k = 0;
    for (int lane = 0; lane < 16; lane++) lanes[lane] = numbers[0];
    for (; k + 16 <= n; k += 16)
        for (int lane = 0; lane < 16; lane++)
            lanes[lane] = numbers[k + lane] > lanes[lane] ? numbers[k + lane] : lanes[lane];
    for (int lane = 0; lane < 16; lane++) highest = lanes[lane] > highest ? lanes[lane] : highest;
    for (; k < n; k++) highest = numbers[k] > highest ? numbers[k] : highest;
    return highest;
}

INLINE int64_t padded(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

#endif
