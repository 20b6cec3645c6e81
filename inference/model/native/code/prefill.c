/* One step of longer chunks through a whole model, in one call. decode.c does the same for single tokens.

   The residual stream and all activations are float32; keys and values are stored in the cache's type. A row has the
   same bits beside any other rows and on any number of threads. places.py has the rules of the ring: a chunk is
   computed before it is stored, because its keys may overwrite keys that it sees.

   The struct definition is mirrored in prefill.py. */

#include <omp.h>

#include "prompt_attention.h"

typedef struct {
    int64_t n_rows, n_chunks, n_out, n_slots, n_threads, n_scratch; /* n_scratch: floats for each thread */
    const int64_t *ids;      /* (n_rows,) */
    const int64_t *out_rows; /* (n_out,): the rows that need logits */
    const Chunk *chunks;     /* (n_chunks,) */
    const float *turns;      /* (n_rows, head_dim / 2, 2): cosine and sine */
    void *const *rings;      /* of each layer: (2, n_slots, n_kv_heads, R, head_dim) */
    const int64_t *n_ring;   /* R of each layer */
    const int64_t *windows;  /* of each layer, 0 without one */
    float *logits;           /* (n_out, V) */
    float *shared, *scratch;
} Prefill;

/* Where the parts of `shared` begin. Gates use the place of what only attention needs. */
typedef struct {
    float *x, *tiles, *heads, *mixed, *strips, *gates;
    int64_t size;
} Places;

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static Attention attention_of(const Model *model, const Prefill *step, const Chunk *chunk, int64_t layer,
                              const Places *at) {
    const int64_t dim = model->head_dim, n_ring = step->n_ring[layer], window = step->windows[layer];
    const int64_t n_heads = model->n_heads + 2 * model->n_kv_heads, most = window ? window - 1 : n_ring;
    const int64_t n_past = chunk->start < most ? chunk->start : most, n_keys = n_past + chunk->n_rows;
    const int64_t size = model->cache_type == FLOAT32 ? 4 : 2, slot = model->n_kv_heads * n_ring * dim * size;
    const char *keys = (const char *)step->rings[layer] + chunk->slot * slot;
    return (Attention){model, n_past, window ? window : n_keys + 1, n_ring, keys, keys + step->n_slots * slot,
                       at->heads + chunk->first_row * n_heads * dim,
                       at->mixed + chunk->first_row * model->n_heads * dim, at->strips, chunk->n_rows, n_keys};
}

static Places places_of(const Model *model, const Prefill *step) {
    const int64_t n = step->n_rows, dim = model->dim, hidden = model->hidden_dim, head_dim = model->head_dim;
    const int64_t widest = larger(larger(dim, hidden), model->n_heads * head_dim);
    Places at = {.x = step->shared};
    at.tiles = at.x + n * dim;
    at.heads = at.gates = at.tiles + tiles_room(n, widest);
    at.mixed = at.heads + (n + TILE) * (model->n_heads + 2 * model->n_kv_heads) * head_dim;
    at.strips = at.mixed + n * model->n_heads * head_dim;
    int64_t strips = 0;
    for (int64_t l = 0; l < model->n_layers; l++)
        for (int64_t c = 0; c < step->n_chunks; c++) {
            const Attention a = attention_of(model, step, step->chunks + c, l, &at);
            strips = larger(strips, model->n_kv_heads * strips_size(&a));
        }
    at.size = larger(at.strips + strips - at.x, at.gates + larger(2 * n * hidden, step->n_out * dim) - at.x);
    return at;
}

/* Floats that `prefill` needs in `shared`. */
int64_t prefill_room(const Model *model, const Prefill *step) { return places_of(model, step).size; }

/* Floats that it needs in `scratch` for each thread. */
int64_t prefill_scratch(const Model *model, const Prefill *step) {
    int64_t n_keys = 0;
    for (int64_t l = 0; l < model->n_layers; l++)
        for (int64_t c = 0; c < step->n_chunks; c++) {
            const Places nowhere = {0};
            n_keys = larger(n_keys, attention_of(model, step, step->chunks + c, l, &nowhere).n_keys);
        }
    return larger(STRIP_ROOM, model->head_dim + scores_room(model, n_keys));
}

static void embed(const Model *model, int64_t id, float *to) {
    const int64_t dim = model->dim;
    if (model->cache_type == FLOAT32)
        memcpy(to, (const float *)model->embeddings + id * dim, (size_t)dim * 4);
    else
        for (int64_t i = 0; i < dim; i++) to[i] = from_bfloat16(((const uint16_t *)model->embeddings)[id * dim + i]);
}

/* Turn the queries and keys of one row by its position, and scale its queries. */
static void turn_row(const Model *model, const float *turn, float *heads) {
    const int64_t dim = model->head_dim;
    const float scale = 1.0f / sqrtf((float)dim);
    for (int64_t h = 0; h < model->n_heads + model->n_kv_heads; h++, heads += dim) {
        const float factor = h < model->n_heads ? scale : 1.0f;
        for (int64_t i = 0; i < dim; i += 2) {
            const float c = turn[i] * factor, s = turn[i + 1] * factor, even = heads[i], odd = heads[i + 1];
            heads[i] = even * c - odd * s;
            heads[i + 1] = even * s + odd * c;
        }
    }
}

/* Store the last keys and values of a chunk in its ring: this thread's share. */
static void store_keys(const Model *model, const Attention *a, const Chunk *chunk, int thread, int n_threads) {
    const int64_t dim = model->head_dim, n_heads = model->n_heads + 2 * model->n_kv_heads;
    const int64_t n = chunk->n_rows < a->n_ring ? chunk->n_rows : a->n_ring, first = chunk->n_rows - n;
    for (int64_t r = first + n * thread / n_threads; r < first + n * (thread + 1) / n_threads; r++)
        for (int64_t h = 0; h < 2 * model->n_kv_heads; h++) {
            const float *from = a->heads + (r * n_heads + model->n_heads + h) * dim;
            void *ring = (void *)(h < model->n_kv_heads ? a->keys : a->values);
            const int64_t at = (h % model->n_kv_heads * a->n_ring + (chunk->start + r) % a->n_ring) * dim;
            if (model->cache_type == FLOAT32)
                memcpy((float *)ring + at, from, (size_t)dim * 4);
            else
                for (int64_t i = 0; i < dim; i++) ((uint16_t *)ring)[at + i] = to_bfloat16(from[i]);
        }
}

static void attend_chunk_of(const Model *model, const Prefill *step, const Chunk *chunk, int64_t layer,
                            const Places *at, Team *team, int n_threads, float *room) {
    const Attention a = attention_of(model, step, chunk, layer, at);
    const int64_t n_groups = padded(a.n_keys, STRIP) / STRIP, n_tiles = padded(a.n_rows, TILE) / TILE;
    const int64_t n_kv_heads = model->n_kv_heads;
    for (int64_t unit; (unit = next_unit(team)) < n_kv_heads * 2 * n_groups;)
        gather(&a, unit / (2 * n_groups), unit / 2 % n_groups * STRIP, unit % 2, chunk->start, room);
    meet(team, n_threads);
    for (int64_t unit; (unit = next_unit(team)) < n_kv_heads * n_tiles;)
        attend_tile(&a, unit / n_tiles, unit % n_tiles, room);
    meet(team, n_threads);
}

static void run(const Model *model, const Prefill *step, const Places *at, int thread, int n_threads, Team *team) {
    const int64_t n = step->n_rows, dim = model->dim, n_heads = model->n_heads + 2 * model->n_kv_heads;
    const int64_t begin = n * thread / n_threads, end = n * (thread + 1) / n_threads;
    const int type = (int)model->weight_type;
    float *room = step->scratch + thread * step->n_scratch;
    for (int64_t r = begin; r < end; r++) embed(model, step->ids[r], at->x + r * dim);
    meet(team, n_threads);
    for (int64_t l = 0; l < model->n_layers; l++) {
        const Layer *layer = model->layers + l;
        const Inputs before[4] = {
            {NORMALIZED, at->x, layer->attention_norm, model->norm_eps, n, dim},
            {PLAIN, at->mixed, 0, 0.0f, n, model->n_heads * model->head_dim},
            {NORMALIZED, at->x, layer->ffn_norm, model->norm_eps, n, dim},
            {GATED, at->gates, 0, 0.0f, n, model->hidden_dim},
        };
        const Product *products[4] = {&layer->attention_in, &layer->attention_out, &layer->feed_forward_in,
                                      &layer->feed_forward_out};
        float *to[4] = {at->heads, at->x, at->gates, at->x};
        for (int i = 0; i < 4; i++) {
            fill_tiles(before + i, thread, n_threads, at->tiles);
            meet(team, n_threads);
            multiply_tiles(type, products[i], at->tiles, n, to[i], i % 2, team, n_threads, room);
            meet(team, n_threads);
            if (i == 0) {
                for (int64_t r = begin; r < end; r++)
                    turn_row(model, step->turns + r * model->head_dim, at->heads + r * n_heads * model->head_dim);
                meet(team, n_threads);
                for (int64_t c = 0; c < step->n_chunks; c++)
                    attend_chunk_of(model, step, step->chunks + c, l, at, team, n_threads, room);
                for (int64_t c = 0; c < step->n_chunks; c++) {
                    const Attention a = attention_of(model, step, step->chunks + c, l, at);
                    store_keys(model, &a, step->chunks + c, thread, n_threads);
                }
            }
        }
    }
    for (int64_t r = thread; r < step->n_out; r += n_threads)
        memcpy(at->gates + r * dim, at->x + step->out_rows[r] * dim, (size_t)dim * 4);
    meet(team, n_threads);
    const Inputs last = {NORMALIZED, at->gates, model->norm, model->norm_eps, step->n_out, dim};
    fill_tiles(&last, thread, n_threads, at->tiles);
    meet(team, n_threads);
    multiply_tiles(type, &model->head, at->tiles, step->n_out, step->logits, 0, team, n_threads, room);
}

void prefill(const Model *model, const Prefill *step) {
    const Places at = places_of(model, step);
    Team team = {0, 0, 0};
#pragma omp parallel num_threads((int)step->n_threads)
    run(model, step, &at, omp_get_thread_num(), omp_get_num_threads(), &team);
}
