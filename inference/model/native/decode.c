/* One step of single tokens through a whole model, in one call.

   With torch's operators a token costs some 30 calls a layer. Once the weights have passed through the caches, each
   call takes 3 to 10 microseconds, more than the arithmetic. Here the threads meet five times a layer, and otherwise
   only read weights.

   Weights have oneDNN's blocked layout, so that prefill uses the same copy: blocks of 64 outputs, with 64 weights for
   every input (float32, int8), or 64 pairs for every pair of inputs (bfloat16). Outputs are padded to 64, inputs to 16
   (float32, int8) or 32 (bfloat16), with zeros. Sums run over the inputs in order, with one accumulator for each
   output, so a row has the same bits in any batch and on any number of threads. Activations are float32; products of
   bfloat16 weights round their inputs to bfloat16.

   Vectors are as wide as the processor's registers, and a tile of sums fits into the registers. Wider ones would go
   through memory, 10 to 16 times as slow, and take the compiler four times as long.

   places.py has the rules of the ring: where a key is stored, and which keys a query sees.

   The struct definitions are mirrored in decoder.py. */

#include <math.h>
#include <omp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define BLOCK 64
#define KEYS 64      /* keys that attention reads at a time: with their values they stay in the first cache */
#define AHEAD 4096   /* bytes by which weights are prefetched */
#define NEAR 32      /* inputs, or pairs, whose weights of one block stay in the first cache */
#if defined(__AVX512F__)
#define LANES 16     /* floats of a register */
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif
#if defined(__AVX512F__) || defined(__aarch64__)
#define SUMS 24      /* registers for sums, of 32 */
#else
#define SUMS 12      /* of 16 */
#endif
#define VECTORS (BLOCK / LANES)
#define UNROLL _Pragma("GCC unroll 16")
#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t ivec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int8_t bytes __attribute__((vector_size(LANES), aligned(1), may_alias));

enum { FLOAT32 = 0, BFLOAT16 = 1, INT8 = 2 };

typedef struct {
    const void *weight;
    const float *scale; /* of each output, for INT8 */
    int64_t n_out, n_in;
} Product;

typedef struct {
    Product attention_in, attention_out, feed_forward_in, feed_forward_out;
    const float *attention_norm, *ffn_norm;
} Layer;

typedef struct {
    int64_t weight_type, cache_type, n_layers, dim, hidden_dim, n_heads, n_kv_heads, head_dim;
    float norm_eps;
    const float *frequencies; /* head_dim / 2 */
    const void *embeddings;   /* (V, dim), of the cache's type */
    const float *norm;
    Product head;
    const Layer *layers;
} Model;

typedef struct {
    int64_t n_rows, n_slots, n_threads, n_scratch; /* n_scratch: floats for each thread */
    const int64_t *ids, *slots, *positions;        /* (n_rows,) */
    void *const *rings;                            /* of each layer: (2, n_slots, n_kv_heads, R, head_dim) */
    const int64_t *n_ring;                         /* R of each layer */
    float *logits;                                 /* (n_rows, V) */
    float *shared, *scratch;
} Step;

/* ---- numbers ---- */

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

/* ---- products ---- */

INLINE int64_t padded(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

/* Bytes of a block for one input, or pair. */
INLINE int64_t width_of(int type) { return type == INT8 ? BLOCK : 4 * BLOCK; }

/* Vectors of a block whose sums fit into the registers for so many rows: a power of two. */
INLINE int together(int rows) {
    const int fitting = SUMS / rows;
    return fitting >= VECTORS ? VECTORS : fitting >= 8 ? 8 : fitting >= 4 ? 4 : fitting >= 2 ? 2 : 1;
}

/* Add the products of the inputs from `begin` to `end` (counted in pairs for BFLOAT16) to the sums of `rows` rows and
   `vectors` vectors of outputs, from vector `first` of a block. Input i of row r is inputs[i * along + r * across]. As
   many bytes as are read here are prefetched from `soon` on. */
INLINE void tile(int type, int rows, int vectors, int first, const void *block, const void *inputs, int64_t along,
                 int64_t across, int64_t begin, int64_t end, vec sums[8][VECTORS], const char *soon) {
    const int64_t width = width_of(type), part = width / VECTORS; /* bytes of an input, and of one vector of it */
    const char *w = (const char *)block + begin * width + first * part;
    vec acc[8][VECTORS], weights[VECTORS];
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) acc[r][v] = sums[r][first + v];
    for (int64_t i = begin; i < end; i++, w += width, soon += vectors * part) {
        UNROLL for (int64_t line = 0; line < vectors * part; line += 64) __builtin_prefetch(soon + line);
        UNROLL for (int v = 0; v < vectors; v++)
            weights[v] = type == INT8 ? widened(w + v * part) : *(const vec *)(w + v * part);
        UNROLL for (int r = 0; r < rows; r++) {
            if (type == BFLOAT16) {
                const uint32_t pair = ((const uint32_t *)inputs)[i * along + r * across];
#if defined(__AVX512BF16__)
                const __m512bh both = (__m512bh)_mm512_set1_epi32((int)pair);
                UNROLL for (int v = 0; v < vectors; v++) acc[r][v] =
                    (vec)_mm512_dpbf16_ps((__m512)acc[r][v], (__m512bh)weights[v], both);
#else
                const float even = from_bfloat16((uint16_t)pair), odd = from_bfloat16((uint16_t)(pair >> 16));
                UNROLL for (int v = 0; v < vectors; v++) {
                    acc[r][v] += (vec)((ivec)weights[v] << 16) * even;
                    acc[r][v] += (vec)((ivec)weights[v] & (int32_t)0xffff0000) * odd;
                }
#endif
            } else {
                const float x = ((const float *)inputs)[i * along + r * across];
                UNROLL for (int v = 0; v < vectors; v++) acc[r][v] += weights[v] * x;
            }
        }
    }
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) sums[r][first + v] = acc[r][v];
}

/* `tile` for the first `vectors` vectors of a block in the first cache, as many at a time as fit into registers. */
INLINE void tiles(int type, int rows, int vectors, const void *block, const void *inputs, int64_t along, int64_t across,
                  int64_t begin, int64_t end, vec sums[8][VECTORS], const char *soon) {
    const int n = together(rows) < vectors ? together(rows) : vectors;
    for (int first = 0; first < vectors; first += n, soon += (end - begin) * n * (width_of(type) / VECTORS))
        tile(type, rows, n, first, block, inputs, along, across, begin, end, sums, soon);
}

/* out[r][o] = (is_added ? out[r][o] : 0) + the product, for `rows` rows and the outputs of one block. */
INLINE void block_product(int type, int rows, const Product *product, int64_t n_in, int64_t block, const void *inputs,
                          float *out, int is_added) {
    const int64_t size = type == FLOAT32 ? 4 : type == BFLOAT16 ? 2 : 1, n = type == BFLOAT16 ? n_in / 2 : n_in;
    const char *weights = (const char *)product->weight + block * BLOCK * n_in * size;
    vec sums[8][VECTORS];
    memset(sums, 0, sizeof sums);
    if (together(rows) == VECTORS)
        tile(type, rows, VECTORS, 0, weights, inputs, rows, 1, 0, n, sums, weights + AHEAD);
    else /* more sums than registers: a part of the outputs at a time, for as many inputs as fit into half of the first
            cache; the next ones are prefetched evenly, so that the memory never idles */
        for (int64_t begin = 0; begin < n; begin += NEAR)
            tiles(type, rows, VECTORS, weights, inputs, rows, 1, begin, begin + NEAR < n ? begin + NEAR : n, sums,
                  weights + (begin + NEAR) * width_of(type));
    const int64_t start = block * BLOCK, width = product->n_out - start < BLOCK ? product->n_out - start : BLOCK;
    for (int r = 0; r < rows; r++) {
        const float *values = (const float *)sums[r];
        float *to = out + r * product->n_out + start;
        for (int64_t i = 0; i < width; i++) {
            const float value = type == INT8 ? values[i] * product->scale[start + i] : values[i];
            to[i] = is_added ? to[i] + value : value;
        }
    }
}

#define ROWS(type)                                                                                                     \
    switch (rows) {                                                                                                    \
        case 1: block_product(type, 1, product, n_in, block, inputs, out, is_added); break;                         \
        case 2: block_product(type, 2, product, n_in, block, inputs, out, is_added); break;                         \
        case 3: block_product(type, 3, product, n_in, block, inputs, out, is_added); break;                         \
        case 4: block_product(type, 4, product, n_in, block, inputs, out, is_added); break;                         \
        case 5: block_product(type, 5, product, n_in, block, inputs, out, is_added); break;                         \
        case 6: block_product(type, 6, product, n_in, block, inputs, out, is_added); break;                         \
        case 7: block_product(type, 7, product, n_in, block, inputs, out, is_added); break;                         \
        default: block_product(type, 8, product, n_in, block, inputs, out, is_added);                               \
    }

static void float32_rows(int rows, const Product *product, int64_t n_in, int64_t block, const void *inputs, float *out,
                         int is_added) {
    ROWS(FLOAT32)
}

static void bfloat16_rows(int rows, const Product *product, int64_t n_in, int64_t block, const void *inputs, float *out,
                          int is_added) {
    ROWS(BFLOAT16)
}

static void int8_rows(int rows, const Product *product, int64_t n_in, int64_t block, const void *inputs, float *out,
                      int is_added) {
    ROWS(INT8)
}

/* This thread's share of a product: x (n_rows, n_in) -> out (n_rows, n_out). Returns when only that share is done.
   `room` is for the padded inputs. */
static void multiply(const Model *model, const Step *step, int thread, const Product *product, const float *x,
                     float *out, int is_added, void *room) {
    const int type = (int)model->weight_type;
    const int64_t n_in = padded(product->n_in, type == BFLOAT16 ? 32 : 16);
    for (int64_t r = 0; r < step->n_rows; r++) { /* the inputs of up to 8 rows are interleaved, as they are read */
        const int64_t group = r / 8 * 8, rows = step->n_rows - group < 8 ? step->n_rows - group : 8;
        const float *from = x + r * product->n_in;
        if (type == BFLOAT16) {
            uint32_t *to = (uint32_t *)room + group * n_in / 2 + (r - group);
            for (int64_t i = 0; i < n_in; i += 2) {
                const uint32_t even = i < product->n_in ? to_bfloat16(from[i]) : 0;
                const uint32_t odd = i + 1 < product->n_in ? to_bfloat16(from[i + 1]) : 0;
                to[i / 2 * rows] = even | odd << 16;
            }
        } else {
            float *to = (float *)room + group * n_in + (r - group);
            for (int64_t i = 0; i < n_in; i++) to[i * rows] = i < product->n_in ? from[i] : 0.0f;
        }
    }
    const int64_t n_blocks = padded(product->n_out, BLOCK) / BLOCK;
    const int64_t end = n_blocks * (thread + 1) / step->n_threads;
    for (int64_t block = n_blocks * thread / step->n_threads; block < end; block++)
        for (int64_t r = 0; r < step->n_rows; r += 8) {
            const int rows = step->n_rows - r < 8 ? (int)(step->n_rows - r) : 8;
            float *to = out + r * product->n_out;
            if (type == FLOAT32)
                float32_rows(rows, product, n_in, block, (float *)room + r * n_in, to, is_added);
            else if (type == BFLOAT16)
                bfloat16_rows(rows, product, n_in, block, (uint16_t *)room + r * n_in, to, is_added);
            else
                int8_rows(rows, product, n_in, block, (float *)room + r * n_in, to, is_added);
        }
}

/* ---- the parts of a layer ---- */

static void normalize(const Model *model, const Step *step, const float *x, const float *weight, float *out) {
    for (int64_t r = 0; r < step->n_rows; r++, x += model->dim, out += model->dim) {
        float sum = 0.0f;
        for (int64_t i = 0; i < model->dim; i++) sum += x[i] * x[i];
        const float scale = 1.0f / sqrtf(sum / (float)model->dim + model->norm_eps);
        for (int64_t i = 0; i < model->dim; i++) out[i] = x[i] * scale * weight[i];
    }
}

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

INLINE void score(int64_t head_dim, const float *q, const float *keys, int64_t n, float *scores) {
    for (int64_t k = 0; k < n; k++) {
        float sum = 0.0f;
        for (int64_t i = 0; i < head_dim; i++) sum += q[i] * keys[k * head_dim + i];
        scores[k] = sum;
    }
}

INLINE void mix(int64_t head_dim, const float *weights, const float *values, int64_t n, float *out) {
    for (int64_t first = 0; first < head_dim; first += 32) { /* 32 sums stay in registers */
        const int64_t width = head_dim - first < 32 ? head_dim - first : 32;
        if (width == 32) {
            vec sums[32 / LANES], *to = (vec *)(out + first);
            UNROLL for (int v = 0; v < 32 / LANES; v++) sums[v] = to[v];
            for (int64_t k = 0; k < n; k++) UNROLL for (int v = 0; v < 32 / LANES; v++)
                sums[v] += ((const vec *)(values + k * head_dim + first))[v] * weights[k];
            UNROLL for (int v = 0; v < 32 / LANES; v++) to[v] = sums[v];
        } else {
            float sums[32];
            memcpy(sums, out + first, (size_t)width * 4);
            for (int64_t k = 0; k < n; k++)
                for (int64_t i = 0; i < width; i++) sums[i] += values[k * head_dim + first + i] * weights[k];
            memcpy(out + first, sums, (size_t)width * 4);
        }
    }
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

/* ---- attention of a longer chunk ---- */

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

/* ---- the step ---- */

typedef struct {
    _Atomic int n_waiting, round;
} Barrier;

static void meet(Barrier *barrier, int n_threads) {
    if (n_threads == 1) return;
    const int round = atomic_load_explicit(&barrier->round, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&barrier->n_waiting, 1, memory_order_acq_rel) == n_threads - 1) {
        atomic_store_explicit(&barrier->n_waiting, 0, memory_order_relaxed);
        atomic_store_explicit(&barrier->round, round + 1, memory_order_release);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&barrier->round, memory_order_acquire) == round; spins++)
        if (spins > 2000) sched_yield(); /* the thread that is waited for may need the core */
}

static void run(const Model *model, const Step *step, int thread, Barrier *barrier) {
    const int n_threads = (int)step->n_threads;
    const int64_t n = step->n_rows, dim = model->dim, hidden = model->hidden_dim;
    const int64_t n_heads = model->n_heads + 2 * model->n_kv_heads;
    float *x = step->shared, *heads = x + n * dim, *mixed = heads + n * n_heads * model->head_dim;
    float *gates = mixed + n * model->n_heads * model->head_dim, *active = gates + 2 * n * hidden;
    float *angles = active + n * hidden;
    float *h = step->scratch + thread * step->n_scratch, *room = h + n * dim;

    if (thread == 0)
        for (int64_t r = 0; r < n; r++) {
            for (int64_t i = 0; i < dim; i++)
                x[r * dim + i] = model->cache_type == FLOAT32
                                     ? ((const float *)model->embeddings)[step->ids[r] * dim + i]
                                     : from_bfloat16(((const uint16_t *)model->embeddings)[step->ids[r] * dim + i]);
            for (int64_t i = 0; i < model->head_dim / 2; i++) {
                const float angle = (float)step->positions[r] * model->frequencies[i];
                angles[r * model->head_dim + 2 * i] = cosf(angle);
                angles[r * model->head_dim + 2 * i + 1] = sinf(angle);
            }
        }
    meet(barrier, n_threads);
    for (int64_t l = 0; l < model->n_layers; l++) {
        const Layer *layer = model->layers + l;
        normalize(model, step, x, layer->attention_norm, h);
        multiply(model, step, thread, &layer->attention_in, h, heads, 0, room);
        meet(barrier, n_threads);
        const int64_t n_units = n * model->n_kv_heads, end = n_units * (thread + 1) / n_threads;
        for (int64_t unit = n_units * thread / n_threads; unit < end; unit++)
            attend(model, step, l, unit / model->n_kv_heads, unit % model->n_kv_heads, heads, angles, mixed, room);
        meet(barrier, n_threads);
        multiply(model, step, thread, &layer->attention_out, mixed, x, 1, room);
        meet(barrier, n_threads);
        normalize(model, step, x, layer->ffn_norm, h);
        multiply(model, step, thread, &layer->feed_forward_in, h, gates, 0, room);
        meet(barrier, n_threads);
        for (int64_t r = 0; r < n; r++)
            for (int64_t i = hidden * thread / n_threads; i < hidden * (thread + 1) / n_threads; i++) {
                const float gate = gates[2 * r * hidden + i];
                active[r * hidden + i] = gate / (1.0f + exponential(-gate)) * gates[(2 * r + 1) * hidden + i];
            }
        meet(barrier, n_threads);
        multiply(model, step, thread, &layer->feed_forward_out, active, x, 1, room);
        meet(barrier, n_threads);
    }
    normalize(model, step, x, model->norm, h);
    multiply(model, step, thread, &model->head, h, step->logits, 0, room);
}

void decode(const Model *model, Step *step) {
    Barrier barrier = {0, 0};
#pragma omp parallel num_threads((int)step->n_threads)
    {
#pragma omp single
        step->n_threads = omp_get_num_threads(); /* there may be fewer than requested */
        run(model, step, omp_get_thread_num(), &barrier);
    }
}
