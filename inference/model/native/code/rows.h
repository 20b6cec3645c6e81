/* Matrix products of many rows.

   Inputs are copied once, into tiles of 6 rows, and normalized or gated on the way. A thread takes some tiles and some
   blocks of outputs at a time. For SPAN inputs it widens the weights of one strip of outputs into a buffer that stays
   in the L1 cache, and passes its tiles, which stay in L2, through the registers. Sums run over the inputs
   in order, with one accumulator for each output, so a row has the same bits beside any other rows and on any
   number of threads. Activations are float32 for every type of weight. */

#ifndef ROWS_H
#define ROWS_H

#include "model.h"
#include "numbers.h"
#include "threads.h"

#define TILE 6        /* rows of a tile */
#define SPAN 256      /* inputs of a strip: 16 KiB of weights with AVX2 */
#define GROUP 4       /* blocks of a unit of work, at most */
#define MOST_TILES 24 /* tiles of a unit of work, at most: 144 KiB of SPAN inputs, and as much for their sums */
#define LEAST_TILES 4 /* fewer would spend more time on widening */
#if defined(__AVX2__) && !defined(__AVX512F__)
#define WIDE 2        /* vectors of a strip: TILE * WIDE sums, the weights and an input fit into the registers */
#else
#define WIDE 4
#endif
#define STRIP (LANES * WIDE)
#define STRIPS (BLOCK / STRIP)
#define STRIP_ROOM (SPAN * STRIP + GROUP * MOST_TILES * TILE * BLOCK) /* floats that a thread needs */

enum { PLAIN = 0, NORMALIZED = 1, GATED = 2 };

typedef struct {
    int64_t source;
    const float *x;    /* PLAIN, NORMALIZED: (n_rows, n_in); GATED: (n_rows, 2 n_in), [gate | up] */
    const float *norm; /* (n_in,), for NORMALIZED */
    float eps;
    int64_t n_rows, n_in;
} Inputs;

static int64_t tiles_room(int64_t n_rows, int64_t n_in) {
    return padded(n_rows, TILE) * padded(n_in, SPAN);
}

/* n inputs of one row from `begin` on, as the product reads them. */
static void fill(const Inputs *in, const float *x, float factor, int64_t begin, int64_t n, float *to) {
    if (in->source == PLAIN) {
        memcpy(to, x + begin, (size_t)n * 4);
    } else if (in->source == NORMALIZED) {
        for (int64_t i = 0; i < n; i++) to[i] = x[begin + i] * factor * in->norm[begin + i];
    } else {
        const float *gate = x + begin, *up = gate + in->n_in;
        for (int64_t i = 0; i < n; i++) to[i] = gate[i] / (1.0f + exponential(-gate[i])) * up[i];
    }
}

/* One tile. All tiles are (spans of SPAN inputs, tiles, TILE, SPAN), so a unit of work reads one piece of memory for a
   span. Missing rows are zero. */
static void fill_tile(const Inputs *in, int64_t tile, float *tiles) {
    const int64_t n_in = in->n_in, n_spans = padded(n_in, SPAN) / SPAN, n_tiles = padded(in->n_rows, TILE) / TILE;
    float *to = tiles + tile * TILE * SPAN;
    for (int64_t r = 0; r < TILE; r++) {
        const int64_t row = tile * TILE + r;
        const float *x = in->x + row * n_in * (in->source == GATED ? 2 : 1);
        float factor = 0.0f, sum = 0.0f;
        if (in->source == NORMALIZED && row < in->n_rows) {
            for (int64_t i = 0; i < n_in; i++) sum += x[i] * x[i];
            factor = 1.0f / sqrtf(sum / (float)n_in + in->eps);
        }
        for (int64_t k = 0; k < n_spans; k++) {
            const int64_t n = n_in - k * SPAN < SPAN ? n_in - k * SPAN : SPAN;
            if (row < in->n_rows)
                fill(in, x, factor, k * SPAN, n, to + (k * n_tiles * TILE + r) * SPAN);
            else
                memset(to + (k * n_tiles * TILE + r) * SPAN, 0, (size_t)n * 4);
        }
    }
}

/* This thread's share of the tiles. */
static void fill_tiles(const Inputs *in, int thread, int n_threads, float *tiles) {
    const int64_t n_tiles = padded(in->n_rows, TILE) / TILE, end = n_tiles * (thread + 1) / n_threads;
    for (int64_t tile = n_tiles * thread / n_threads; tile < end; tile++) fill_tile(in, tile, tiles);
}

/* sums (TILE, STRIP) = (is_first ? 0 : sums) + inputs (TILE, n) times weights (n, STRIP). Rows of inputs are `across`
   apart, those of sums n_out. The sums are multiplied by `scale` and added to `out`, where these are given, and stored
   there. */
INLINE void multiply_tile(const float *inputs, int64_t across, const float *weights, int64_t n, int is_first,
                          float *sums, float *out, int64_t n_out, const float *scale, int is_added) {
    vec acc[TILE][WIDE], w[WIDE];
    UNROLL for (int r = 0; r < TILE; r++) UNROLL for (int v = 0; v < WIDE; v++) {
        if (is_first)
            acc[r][v] = (vec){0.0f};
        else
            acc[r][v] = *(const vec *)(sums + r * STRIP + v * LANES);
    }
    for (int64_t i = 0; i < n; i++) {
        UNROLL for (int v = 0; v < WIDE; v++) w[v] = *(const vec *)(weights + i * STRIP + v * LANES);
        UNROLL for (int r = 0; r < TILE; r++) {
            const float x = inputs[r * across + i];
            UNROLL for (int v = 0; v < WIDE; v++) acc[r][v] += w[v] * x;
        }
    }
    if (scale) {
        UNROLL for (int v = 0; v < WIDE; v++) w[v] = *(const vec *)(scale + v * LANES);
        UNROLL for (int r = 0; r < TILE; r++) UNROLL for (int v = 0; v < WIDE; v++) acc[r][v] *= w[v];
    }
    UNROLL for (int r = 0; r < TILE; r++) UNROLL for (int v = 0; v < WIDE; v++) {
        vec *to = (vec *)(out + r * n_out + v * LANES);
        if (is_added) acc[r][v] += *to;
        *to = acc[r][v];
    }
}

/* Add to the sums of a unit, or with `out` finish them, as described above. */
static void multiply_span(const float *tile, const float *weights, int64_t n, int is_first, float *sums, float *out,
                          int64_t n_out, const float *scale, int is_added) {
    if (out)
        multiply_tile(tile, SPAN, weights, n, is_first, sums, out, n_out, scale, is_added);
    else
        multiply_tile(tile, SPAN, weights, n, is_first, sums, sums, STRIP, 0, 0);
}

/* The sums of a tile that has missing rows, or a strip that has missing outputs. */
static void store_sums(const Product *product, const float *sums, int64_t row, int64_t n_rows, int64_t output,
                       float *out, int is_added) {
    const int64_t width = product->n_out - output < STRIP ? product->n_out - output : STRIP;
    for (int64_t r = 0; r < TILE && row + r < n_rows; r++, sums += STRIP) {
        float *to = out + (row + r) * product->n_out + output;
        for (int64_t i = 0; i < width; i++) {
            float value = sums[i];
            if (product->scale) value *= product->scale[output + i];
            to[i] = is_added ? to[i] + value : value;
        }
    }
}

/* Return the strip's weights for input `begin`; those for the next input (pair for BFLOAT16) are *step bytes on. */
INLINE const char *strip_of(int type, const Product *product, int64_t strip, int64_t begin, int64_t *step) {
    const int64_t size = type == FLOAT32 ? 4 : type == BFLOAT16 ? 2 : 1, pair = type == BFLOAT16 ? 2 : 1;
    const int64_t n_in = padded(product->n_in, 16 * pair), block = strip / STRIPS, first = strip % STRIPS * STRIP;
    *step = BLOCK * size * pair;
    return (const char *)product->weight + ((block * n_in + begin) * BLOCK + first * pair) * size;
}

/* Weights of a strip for n inputs from `begin` on: (n, STRIP) floats, or one more for BFLOAT16. */
INLINE void widen_as(int type, const Product *product, int64_t strip, int64_t begin, int64_t n, float *to) {
    int64_t step;
    const char *from = strip_of(type, product, strip, begin, &step);
    if (type == BFLOAT16)
        for (int64_t i = 0; i < n; i += 2, from += step, to += 2 * STRIP)
            UNROLL for (int v = 0; v < WIDE; v++) {
                const ivec pairs = *(const ivec *)(from + v * 4 * LANES);
                *(vec *)(to + v * LANES) = (vec)(pairs << 16);
                *(vec *)(to + STRIP + v * LANES) = (vec)(pairs & (int32_t)0xffff0000);
            }
    else
        for (int64_t i = 0; i < n; i++, from += step, to += STRIP)
            UNROLL for (int v = 0; v < WIDE; v++) *(vec *)(to + v * LANES) =
                type == INT8 ? widened(from + v * LANES) : *(const vec *)(from + v * 4 * LANES);
}

/* Return a strip's weights for n inputs from `begin` on: in place if they are floats, else widened into `room`. */
static const float *widen(int type, const Product *product, int64_t strip, int64_t begin, int64_t n, float *room) {
    int64_t step;
    if (type == FLOAT32 && STRIP == BLOCK) return (const float *)strip_of(FLOAT32, product, strip, begin, &step);
    if (type == FLOAT32)
        widen_as(FLOAT32, product, strip, begin, n, room);
    else if (type == BFLOAT16)
        widen_as(BFLOAT16, product, strip, begin, n, room);
    else
        widen_as(INT8, product, strip, begin, n, room);
    return room;
}

/* The product of tiles `first` to last - 1 and strips `strip` to end - 1. */
static void multiply_unit(int type, const Product *product, const float *tiles, int64_t n_rows, int64_t first,
                          int64_t last, int64_t strip, int64_t end, float *out, int is_added, float *room) {
    const int64_t n_in = product->n_in, n_spans = padded(n_in, SPAN) / SPAN, n_tiles = last - first;
    const int64_t n_all = padded(n_rows, TILE) / TILE;
    float *sums = room + SPAN * STRIP;
    for (int64_t k = 0; k < n_spans; k++) {
        const int64_t begin = k * SPAN, n = n_in - begin < SPAN ? n_in - begin : SPAN;
        for (int64_t s = strip; s < end; s++) {
            const float *weights = widen(type, product, s, begin, n, room);
            /* prefetch what is widened next, a part with every tile */
            const int64_t next = s + 1 < end ? s + 1 : strip, next_begin = s + 1 < end ? begin : begin + SPAN;
            const int64_t left = n_in - next_begin < SPAN ? n_in - next_begin : SPAN, pair = type == BFLOAT16 ? 2 : 1;
            const int64_t n_fetched = left > 0 ? padded(left, pair * n_tiles) / (pair * n_tiles) : 0;
            int64_t step;
            const char *soon = strip_of(type, product, next, next_begin, &step);
            const int64_t output = s * STRIP;
            for (int64_t t = 0; t < n_tiles; t++) {
                const int64_t row = (first + t) * TILE;
                const float *tile = tiles + (k * n_all + first + t) * TILE * SPAN;
                float *its_sums = sums + ((s - strip) * n_tiles + t) * TILE * STRIP;
                const int is_last = k + 1 == n_spans;
                const int is_whole = row + TILE <= n_rows && output + STRIP <= product->n_out;
                for (int64_t i = 0; i < n_fetched; i++, soon += step) __builtin_prefetch(soon, 0, 2);
                multiply_span(tile, weights, n, k == 0, its_sums,
                              is_last && is_whole ? out + row * product->n_out + output : 0, product->n_out,
                              product->scale ? product->scale + output : 0, is_added);
                if (is_last && !is_whole) store_sums(product, its_sums, row, n_rows, output, out, is_added);
            }
        }
    }
}

/* This thread's part of out (n_rows, n_out) = (is_added ? out : 0) + the tiles times the weights. The team meets before
   and after it. `room` is STRIP_ROOM floats of this thread. */
static void multiply_tiles(int type, const Product *product, const float *tiles, int64_t n_rows, float *out,
                           int is_added, Team *team, int n_threads, float *room) {
    const int64_t n_tiles = padded(n_rows, TILE) / TILE, n_strips = padded(product->n_out, STRIP) / STRIP;
    const int64_t n_groups = padded(n_strips, GROUP * STRIPS) / (GROUP * STRIPS);
    const int64_t n_wanted = padded(4 * n_threads, n_groups) / n_groups; /* pieces, for about 4 units a thread */
    const int64_t most = padded(n_tiles, LEAST_TILES) / LEAST_TILES;
    int64_t n_pieces = padded(n_tiles, MOST_TILES) / MOST_TILES;
    if (n_pieces < n_wanted) n_pieces = n_wanted < most ? n_wanted : most;
    for (int64_t unit; (unit = next_unit(team)) < n_pieces * n_groups;) {
        const int64_t piece = unit % n_pieces, group = unit / n_pieces;
        multiply_unit(type, product, tiles, n_rows, n_tiles * piece / n_pieces, n_tiles * (piece + 1) / n_pieces,
                      n_strips * group / n_groups, n_strips * (group + 1) / n_groups, out, is_added, room);
    }
}

#endif
