/* Attention of a longer chunk over its ring as it was before the chunk, and over itself.

   The struct definition is mirrored in chunk_attention.py. */

#include <omp.h>

#include "tiles.h"

typedef struct {
    int64_t type, n_rows, n_past, start, window, n_heads, n_kv_heads, head_dim, n_ring, n_threads, n_scratch;
    const void *heads;         /* (n_rows, n_heads + 2 n_kv_heads, head_dim): [q | k | v], turned, q scaled */
    const void *keys, *values; /* the rings of the slot, as they were before the chunk: (n_kv_heads, R, head_dim) */
    void *out;                 /* (n_rows, n_heads * head_dim) */
    float *blocks, *scratch;   /* n_kv_heads * 2 * padded keys * padded head_dim floats; n_scratch for each thread */
} Chunk;

/* Keys (or values) `first` to first + 63 of one key head as a block: the 64 keys of each pair of components, or the
   components of each pair of keys, 64 at a time. Missing keys are zero. */
static void gather(const Chunk *chunk, int64_t kv_head, int64_t first, int is_value, float *block) {
    const int64_t dim = chunk->head_dim, n_keys = chunk->n_past + chunk->n_rows;
    const int64_t stride = (chunk->n_heads + 2 * chunk->n_kv_heads) * dim;
    const int64_t head = chunk->n_heads + (is_value ? chunk->n_kv_heads : 0) + kv_head;
    const void *ring = is_value ? chunk->values : chunk->keys;
    const int64_t n_padded = padded(dim, BLOCK);
    memset(block, 0, (size_t)(KEYS * n_padded) * 4);
    for (int64_t k = 0; k < KEYS && first + k < n_keys; k++) {
        const int64_t past = chunk->start - chunk->n_past + first + k; /* position */
        const int64_t at = first + k < chunk->n_past ? (kv_head * chunk->n_ring + past % chunk->n_ring) * dim
                                                     : (first + k - chunk->n_past) * stride + head * dim;
        const void *source = first + k < chunk->n_past ? ring : chunk->heads;
        for (int64_t i = 0; i < dim; i++) {
            if (chunk->type == FLOAT32) {
                const int64_t to = is_value ? i / BLOCK * KEYS * BLOCK + k * BLOCK + i % BLOCK : i * KEYS + k;
                block[to] = ((const float *)source)[at + i];
            } else {
                const int64_t to = is_value ? i / BLOCK * KEYS * BLOCK + (k / 2 * BLOCK + i % BLOCK) * 2 + k % 2
                                            : (i / 2 * KEYS + k) * 2 + i % 2;
                ((uint16_t *)block)[to] = ((const uint16_t *)source)[at + i];
            }
        }
    }
}

/* Rows `row` to row + rows - 1 of one query head. */
INLINE void chunk_rows(int type, int rows, const Chunk *chunk, int64_t head, int64_t row, const float *blocks,
                       float *room) {
    const int64_t dim = chunk->head_dim, pair = type == BFLOAT16 ? 2 : 1;
    const int64_t n_blocks = padded(chunk->n_past + chunk->n_rows, KEYS) / KEYS, size = KEYS * padded(dim, BLOCK);
    const float *keys = blocks + head / (chunk->n_heads / chunk->n_kv_heads) * 2 * n_blocks * size;
    const float *values = keys + n_blocks * size;
    const int64_t stride = (chunk->n_heads + 2 * chunk->n_kv_heads) * dim;
    const int64_t newest = chunk->n_past + row + rows - 1; /* key of the last row itself */
    const int64_t oldest = chunk->n_past + row - chunk->window + 1 > 0 ? chunk->n_past + row - chunk->window + 1 : 0;
    const int64_t begin = oldest / KEYS, end = newest / KEYS + 1, width = (end - begin) * KEYS;
    vec sums[8][VECTORS];
    float *scores = room, inverse[8];
    const char *queries = (const char *)chunk->heads + (row * stride + head * dim) * (type == FLOAT32 ? 4 : 2);
    for (int64_t b = begin; b < end; b++) {
        memset(sums, 0, sizeof sums);
        tiles(type, rows, VECTORS, keys + b * size, queries, 1, stride / pair, 0, dim / pair, sums,
              (const char *)(keys + b * size) + AHEAD);
        for (int r = 0; r < rows; r++) memcpy(scores + r * width + (b - begin) * KEYS, sums[r], KEYS * 4);
    }
    for (int r = 0; r < rows; r++) { /* scores -> weights; BFLOAT16 in place, half as long */
        float *s = scores + r * width;
        const int64_t last = newest - (rows - 1 - r) - begin * KEYS;
        const int64_t visible = last - chunk->window + 1 > 0 ? last - chunk->window + 1 : 0;
        const float highest = greatest(s + visible, last - visible + 1);
        float sum = 0.0f;
        for (int64_t k = 0; k < visible; k++) s[k] = 0.0f;
        for (int64_t k = visible; k <= last; k++) {
            s[k] = exponential(s[k] - highest);
            sum += s[k];
        }
        for (int64_t k = last + 1; k < width; k++) s[k] = 0.0f;
        inverse[r] = 1.0f / sum;
        if (type == BFLOAT16)
            for (int64_t k = 0; k < width; k++) ((uint16_t *)s)[k] = to_bfloat16(s[k]);
    }
    for (int64_t first = 0; first < dim; first += BLOCK) {
        memset(sums, 0, sizeof sums);
        for (int64_t b = begin; b < end; b++) {
            const float *block = values + b * size + first / BLOCK * KEYS * BLOCK / (type == BFLOAT16 ? 2 : 1);
            const float *weights = scores + (b - begin) * KEYS / pair;
            const char *soon = (const char *)block + AHEAD;
            if (dim <= 32)
                tiles(type, rows, VECTORS / 2, block, weights, 1, width, 0, KEYS / pair, sums, soon);
            else
                tiles(type, rows, VECTORS, block, weights, 1, width, 0, KEYS / pair, sums, soon);
        }
        const int64_t n = dim - first < BLOCK ? dim - first : BLOCK;
        for (int r = 0; r < rows; r++)
            for (int64_t i = 0; i < n; i++) {
                const float value = ((const float *)sums[r])[i] * inverse[r];
                const int64_t to = ((row + r) * chunk->n_heads + head) * dim + first + i;
                if (type == FLOAT32)
                    ((float *)chunk->out)[to] = value;
                else
                    ((uint16_t *)chunk->out)[to] = to_bfloat16(value);
            }
    }
}

#define CHUNK_ROWS(type)                                                                                               \
    switch (rows) {                                                                                                    \
        case 1: chunk_rows(type, 1, chunk, head, row, chunk->blocks, room); break;                                     \
        case 2: chunk_rows(type, 2, chunk, head, row, chunk->blocks, room); break;                                     \
        case 3: chunk_rows(type, 3, chunk, head, row, chunk->blocks, room); break;                                     \
        case 4: chunk_rows(type, 4, chunk, head, row, chunk->blocks, room); break;                                     \
        case 5: chunk_rows(type, 5, chunk, head, row, chunk->blocks, room); break;                                     \
        default: chunk_rows(type, 6, chunk, head, row, chunk->blocks, room);                                           \
    }

/* Attention of a chunk over its ring as it was before the chunk, and over itself. */
void attend_chunk(const Chunk *chunk) {
    const int64_t n_blocks = padded(chunk->n_past + chunk->n_rows, KEYS) / KEYS;
    const int64_t size = KEYS * padded(chunk->head_dim, BLOCK), n_tiles = (chunk->n_rows + 5) / 6;
#pragma omp parallel num_threads((int)chunk->n_threads)
    {
        float *room = chunk->scratch + omp_get_thread_num() * chunk->n_scratch;
#pragma omp for schedule(static)
        for (int64_t unit = 0; unit < chunk->n_kv_heads * 2 * n_blocks; unit++)
            gather(chunk, unit / (2 * n_blocks), unit % n_blocks * KEYS, unit / n_blocks % 2,
                   chunk->blocks + unit * size);
#pragma omp for schedule(dynamic, 1)
        for (int64_t unit = 0; unit < chunk->n_heads * n_tiles; unit++) {
            const int64_t head = unit / n_tiles, row = unit % n_tiles * 6;
            const int rows = chunk->n_rows - row < 6 ? (int)(chunk->n_rows - row) : 6;
            if (chunk->type == FLOAT32)
                CHUNK_ROWS(FLOAT32)
            else
                CHUNK_ROWS(BFLOAT16)
        }
    }
}
