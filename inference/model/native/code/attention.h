/* Attention of single tokens: turn the heads, store keys and values in the ring, attend.

   places.py has the rules of the ring: where a key is stored, and which keys a query sees. */

#ifndef ATTENTION_H
#define ATTENTION_H

#include "model.h"
#include "numbers.h"

static void turn(const float *head, const float *angles, int64_t head_dim, float scale, float *out) {
    for (int64_t i = 0; i < head_dim; i += 2) {
        const float c = angles[i] * scale, s = angles[i + 1] * scale;
        out[i] = head[i] * c - head[i + 1] * s;
        out[i + 1] = head[i] * s + head[i + 1] * c;
    }
}

static void store(const Model *model, const float *head, void *ring, int64_t at) {
    if (model->cache_type == FLOAT32)
        memcpy((float *)ring + at, head, (size_t)model->head_dim * 4);
    else
        for (int64_t i = 0; i < model->head_dim; i++) ((uint16_t *)ring)[at + i] = to_bfloat16(head[i]);
}

/* n floats of a ring: in place, or widened into `room`. */
INLINE const float *floats(const Model *model, const void *ring, int64_t at, int64_t n, float *room) {
    if (model->cache_type == FLOAT32) return (const float *)ring + at;
    for (int64_t i = 0; i < n; i++) room[i] = from_bfloat16(((const uint16_t *)ring)[at + i]);
    return room;
}

/* The sums of the numbers of four vectors. */
INLINE void add_up(const vec *four, float *sums) {
#if defined(__AVX2__)
    __m256 half[4];
    for (int k = 0; k < 4; k++) {
#if defined(__AVX512F__)
        const __m512 all = (__m512)four[k];
        half[k] = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
#else
        half[k] = (__m256)four[k];
#endif
    }
    const __m256 both = _mm256_hadd_ps(_mm256_hadd_ps(half[0], half[1]), _mm256_hadd_ps(half[2], half[3]));
    _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(both), _mm256_extractf128_ps(both, 1)));
#else
    for (int k = 0; k < 4; k++) {
        sums[k] = 0.0f;
        for (int lane = 0; lane < LANES; lane++) sums[k] += four[k][lane];
    }
#endif
}

INLINE void score(int64_t head_dim, const float *q, const float *keys, int64_t n, float *scores) {
    int64_t k = 0;
    if (head_dim % LANES == 0)
        for (; k + 4 <= n; k += 4) {
            vec sums[4] = {0};
            for (int64_t i = 0; i < head_dim; i += LANES)
                UNROLL for (int j = 0; j < 4; j++)
                    sums[j] += *(const vec *)(q + i) * *(const vec *)(keys + (k + j) * head_dim + i);
            add_up(sums, scores + k);
        }
    for (; k < n; k++) {
        float sum = 0.0f;
        for (int64_t i = 0; i < head_dim; i++) sum += q[i] * keys[k * head_dim + i];
        scores[k] = sum;
    }
}

/* Add weighted values to `width` components from `first` on; the sums of constant numbers of them stay in registers. */
INLINE void mix_part(int64_t head_dim, int64_t first, int width, const float *weights, const float *values, int64_t n,
                     float *out) {
    vec sums[64 / LANES], *to = (vec *)(out + first);
    UNROLL for (int v = 0; v < width / LANES; v++) sums[v] = to[v];
    for (int64_t k = 0; k < n; k++) UNROLL for (int v = 0; v < width / LANES; v++)
        sums[v] += ((const vec *)(values + k * head_dim + first))[v] * weights[k];
    UNROLL for (int v = 0; v < width / LANES; v++) to[v] = sums[v];
}

INLINE void mix(int64_t head_dim, const float *weights, const float *values, int64_t n, float *out) {
    int64_t first = 0;
    for (; first + 64 <= head_dim; first += 64) mix_part(head_dim, first, 64, weights, values, n, out);
    for (; first + 32 <= head_dim; first += 32) mix_part(head_dim, first, 32, weights, values, n, out);
    for (; first < head_dim; first++)
        for (int64_t k = 0; k < n; k++) out[first] += values[k * head_dim + first] * weights[k];
}

/* The attention of one row with one key head of one layer: turn, store, attend. */
static void attend(const Model *model, const Step *step, int64_t layer, int64_t row, int64_t kv_head,
                   const float *heads, const float *angles, float *out, float *room) {
    const int64_t dim = model->head_dim, n_shared = model->n_heads / model->n_kv_heads, n_ring = step->n_ring[layer];
    const int64_t position = step->positions[row];
    const int64_t n_keys = position + 1 < n_ring ? position + 1 : n_ring;
    const int64_t key_ring = (step->slots[row] * model->n_kv_heads + kv_head) * n_ring * dim;
    const int64_t value_ring = step->n_slots * model->n_kv_heads * n_ring * dim + key_ring;
    void *ring = step->rings[layer];
    float *q = room, *wide = q + n_shared * dim, *scores = wide + KEYS * dim;
    const float *row_heads = heads + row * (model->n_heads + 2 * model->n_kv_heads) * dim;

    turn(row_heads + (model->n_heads + kv_head) * dim, angles + row * dim, dim, 1.0f, wide);
    store(model, wide, ring, key_ring + position % n_ring * dim);
    store(model, row_heads + (model->n_heads + model->n_kv_heads + kv_head) * dim, ring,
          value_ring + position % n_ring * dim);
    const float scale = 1.0f / sqrtf((float)dim);
    for (int64_t h = 0; h < n_shared; h++)
        turn(row_heads + (kv_head * n_shared + h) * dim, angles + row * dim, dim, scale, q + h * dim);

    for (int64_t first = 0; first < n_keys; first += KEYS) {
        const int64_t n = n_keys - first < KEYS ? n_keys - first : KEYS;
        const float *keys = floats(model, ring, key_ring + first * dim, n * dim, wide);
        for (int64_t h = 0; h < n_shared; h++) {
            float *to = scores + h * n_keys + first;
            if (dim == 64)
                score(64, q + h * 64, keys, n, to);
            else if (dim == 128)
                score(128, q + h * 128, keys, n, to);
            else if (dim == 32)
                score(32, q + h * 32, keys, n, to);
            else
                score(dim, q + h * dim, keys, n, to);
        }
    }
    for (int64_t h = 0; h < n_shared; h++) {
        float *s = scores + h * n_keys, sum = 0.0f;
        const float highest = greatest(s, n_keys);
        for (int64_t k = 0; k < n_keys; k++) {
            s[k] = exponential(s[k] - highest);
            sum += s[k];
        }
        const float inverse = 1.0f / sum;
        for (int64_t k = 0; k < n_keys; k++) s[k] *= inverse;
    }
    float *to = out + (row * model->n_heads + kv_head * n_shared) * dim;
    memset(to, 0, (size_t)(n_shared * dim) * 4);
    for (int64_t first = 0; first < n_keys; first += KEYS) {
        const int64_t n = n_keys - first < KEYS ? n_keys - first : KEYS;
        const float *values = floats(model, ring, value_ring + first * dim, n * dim, wide);
        for (int64_t h = 0; h < n_shared; h++) mix(dim, scores + h * n_keys + first, values, n, to + h * dim);
    }
}

#endif
