/* Matrix products of a step of single tokens.

   Sums run over the inputs in order, with one accumulator for each output, so a row has the same bits in any batch and
   on any number of threads. Where the processor multiplies pairs of bfloat16, their inputs are rounded to that. */

#ifndef PRODUCTS_H
#define PRODUCTS_H

#include "model.h"
#include "tiles.h"

/* out[r][o] = (is_added ? out[r][o] : 0) + the product, for `rows` rows and the outputs of one block. */
INLINE void block_product(int type, int rows, const Product *product, int64_t n_in, int64_t block, const void *inputs,
                          float *out, int is_added) {
    const int64_t n = type == BFLOAT16 || type == WIDENED ? n_in / 2 : n_in; /* inputs, or pairs */
    const char *weights = (const char *)product->weight + block * n * width_of(type);
    vec sums[8][VECTORS];
    memset(sums, 0, sizeof sums);
    if (together(rows) == VECTORS) /* one after the other, which the processor prefetches better than we do */
        tile(type, rows, VECTORS, 0, weights, inputs, rows, 1, 0, n, sums, type == INT8 ? weights + AHEAD : 0);
    else /* more sums than registers: a part of the outputs at a time, for as many inputs as fit into half of the
            L1 cache; the next ones are prefetched evenly, so that the memory never idles */
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

#define EACH_ROWS(type)                                                                                                \
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
    EACH_ROWS(FLOAT32)
}

static void bfloat16_rows(int rows, const Product *product, int64_t n_in, int64_t block, const void *inputs, float *out,
                          int is_added) {
    EACH_ROWS(HAS_PAIRS ? BFLOAT16 : WIDENED)
}

static void int8_rows(int rows, const Product *product, int64_t n_in, int64_t block, const void *inputs, float *out,
                      int is_added) {
    EACH_ROWS(INT8)
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
        if (type == BFLOAT16 && HAS_PAIRS) {
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
                bfloat16_rows(rows, product, n_in, block, (char *)room + r * n_in * (HAS_PAIRS ? 2 : 4), to, is_added);
            else
                int8_rows(rows, product, n_in, block, (float *)room + r * n_in, to, is_added);
        }
}

#endif
