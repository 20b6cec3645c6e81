/* Attention of a longer chunk in a prefill step: over its slot's ring as it was before the chunk, and over itself.

   Keys and values are widened once for each key head, into strips as products of many rows read them. All query heads
   of a key head share a strip of keys while it is in the L1 cache. Scores are float32. */

#ifndef PROMPT_ATTENTION_H
#define PROMPT_ATTENTION_H

#include "rows.h"

typedef struct {
    int64_t slot, start, first_row, n_rows;
} Chunk;

typedef struct {
    const Model *model;
    int64_t n_past, window, n_ring; /* n_past: tokens before the chunk that it sees */
    const void *keys, *values;      /* the rings of the slot: (n_kv_heads, R, head_dim), of the cache's type */
    const float *heads;             /* of the chunk: (n_rows, n_heads + 2 n_kv_heads, head_dim), turned, q scaled */
    float *mixed;                   /* of the chunk: (n_rows, n_heads * head_dim) */
    float *strips;                  /* of each key head: keys, then values */
    int64_t n_rows, n_keys;         /* n_keys = n_past + n_rows */
} Attention;

INLINE int64_t key_strips_size(const Attention *a) { return padded(a->n_keys, STRIP) * a->model->head_dim; }
INLINE int64_t value_strips_size(const Attention *a) { return a->n_keys * padded(a->model->head_dim, STRIP); }
INLINE int64_t strips_size(const Attention *a) { return key_strips_size(a) + value_strips_size(a); }

/* Floats that a thread needs: the scores of one tile for the query heads of a key head. */
INLINE int64_t scores_room(const Model *model, int64_t n_keys) {
    return model->n_heads / model->n_kv_heads * TILE * (padded(n_keys, STRIP) + STRIP);
}

/* Where a key or value is: in the ring, in the cache's type, or in the chunk. */
INLINE const void *source_of(const Attention *a, int64_t kv_head, int64_t key, int is_value, int64_t start) {
    const int64_t dim = a->model->head_dim, n_heads = a->model->n_heads, n_kv_heads = a->model->n_kv_heads;
    if (key >= a->n_past)
        return a->heads + ((key - a->n_past) * (n_heads + 2 * n_kv_heads) + n_heads + is_value * n_kv_heads + kv_head) *
                              dim;
    const int64_t at = (kv_head * a->n_ring + (start - a->n_past + key) % a->n_ring) * dim;
    return (const char *)(is_value ? a->values : a->keys) + at * (a->model->cache_type == FLOAT32 ? 4 : 2);
}

/* Copy keys (or values) `first` to first + STRIP - 1 of a key head to their strips; missing keys are zero. */
static void gather(const Attention *a, int64_t kv_head, int64_t first, int is_value, int64_t start, float *wide) {
    const int64_t dim = a->model->head_dim;
    float *keys = a->strips + kv_head * strips_size(a), *values = keys + key_strips_size(a);
    for (int64_t j = 0; j < STRIP; j++) {
        const int64_t key = first + j;
        const float *from = wide;
        if (key >= a->n_keys) {
            if (is_value) break;
            memset(wide, 0, (size_t)dim * 4);
        } else {
            const void *source = source_of(a, kv_head, key, is_value, start);
            if (key >= a->n_past || a->model->cache_type == FLOAT32)
                from = source;
            else
                for (int64_t i = 0; i < dim; i++) wide[i] = from_bfloat16(((const uint16_t *)source)[i]);
        }
        if (is_value) {
            for (int64_t i = 0; i < dim; i += STRIP) {
                const int64_t n = dim - i < STRIP ? dim - i : STRIP;
                float *to = values + i * a->n_keys + key * STRIP;
                memcpy(to, from + i, (size_t)n * 4);
                if (n < STRIP) memset(to + n, 0, (size_t)(STRIP - n) * 4);
            }
        } else {
            float *to = keys + first * dim + j;
            for (int64_t i = 0; i < dim; i++) to[i * STRIP] = from[i];
        }
    }
}

/* Scores -> weights for one row: 0 for keys that it does not see. Returns 1 / their sum, added in a fixed order. */
static float softmax(float *scores, int64_t visible, int64_t last, int64_t width) {
    const int64_t n = last - visible + 1;
    float *seen = scores + visible, lanes[16] = {0.0f}, sum = 0.0f;
    const float highest = greatest(seen, n);
    int64_t k = 0;
    for (int64_t i = 0; i < n; i++) seen[i] = exponential(seen[i] - highest);
    for (; k + 16 <= n; k += 16)
        for (int lane = 0; lane < 16; lane++) lanes[lane] += seen[k + lane];
    for (; k < n; k++) lanes[0] += seen[k];
    for (int lane = 0; lane < 16; lane++) sum += lanes[lane];
    memset(scores, 0, (size_t)visible * 4);
    memset(seen + n, 0, (size_t)(width - last - 1) * 4);
    return 1.0f / sum;
}

/* One tile of rows for the query heads of one key head. It reads a whole tile of heads; rows may be missing. */
static void attend_tile(const Attention *a, int64_t kv_head, int64_t tile, float *room) {
    const int64_t dim = a->model->head_dim, n_heads = a->model->n_heads, n_kv_heads = a->model->n_kv_heads;
    const int64_t n_shared = n_heads / n_kv_heads, stride = (n_heads + 2 * n_kv_heads) * dim;
    const int64_t row = tile * TILE, n_rows = a->n_rows - row < TILE ? a->n_rows - row : TILE;
    const int64_t oldest = a->n_past + row - a->window + 1 > 0 ? a->n_past + row - a->window + 1 : 0;
    const int64_t begin = oldest / STRIP * STRIP, end = a->n_past + row + n_rows, width = padded(end - begin, STRIP);
    const float *keys = a->strips + kv_head * strips_size(a), *values = keys + key_strips_size(a);
    const float *queries = a->heads + row * stride + kv_head * n_shared * dim;
    for (int64_t k = 0; k < width; k += STRIP)
        for (int64_t h = 0; h < n_shared; h++)
            multiply_tile(queries + h * dim, stride, keys + (begin + k) * dim, dim, 1, 0, room + h * TILE * width + k,
                          width, 0, 0);
    for (int64_t h = 0; h < n_shared; h++) {
        float *scores = room + h * TILE * width, inverse[TILE], sums[TILE * STRIP];
        for (int64_t r = 0; r < n_rows; r++) {
            const int64_t last = a->n_past + row + r, visible = last - a->window + 1 > 0 ? last - a->window + 1 : 0;
            inverse[r] = softmax(scores + r * width, visible > begin ? visible - begin : 0, last - begin, width);
        }
        for (int64_t i = 0; i < dim; i += STRIP) {
            multiply_tile(scores + oldest - begin, width, values + i * a->n_keys + oldest * STRIP, end - oldest, 1, 0,
                          sums, STRIP, 0, 0);
            const int64_t n = dim - i < STRIP ? dim - i : STRIP;
            for (int64_t r = 0; r < n_rows; r++) {
                float *to = a->mixed + ((row + r) * n_heads + kv_head * n_shared + h) * dim + i;
                for (int64_t j = 0; j < n; j++) to[j] = sums[r * STRIP + j] * inverse[r];
            }
        }
    }
}

#endif
