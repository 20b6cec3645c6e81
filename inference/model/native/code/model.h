/* A model and one step of it, as decoder.py describes them. The struct definitions are mirrored there. */

#ifndef MODEL_H
#define MODEL_H

#include <stdint.h>

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
    float norm_eps, attention_factor;
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

#endif
