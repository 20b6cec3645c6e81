/* One step of single tokens through a whole model, in one call.

   With torch's operators a token costs some 30 calls a layer. Once the weights have passed through the caches, each
   call takes 3 to 10 microseconds, more than the arithmetic. Here the threads wait for each other five times a
   layer, and otherwise only read weights.


   Weights lie in blocks of 64 outputs, with 64 weights for every input (float32, int8), or 64 pairs for every pair of
   inputs (bfloat16). Outputs are padded to 64, inputs to 16 (float32, int8) or 32 (bfloat16), with zeros. Activations
   are float32. */

#include <omp.h>

#include "attention.h"
#include "products.h"
#include "threads.h"

static void normalize(const Model *model, const Step *step, const float *x, const float *weight, float *out) {
    for (int64_t r = 0; r < step->n_rows; r++, x += model->dim, out += model->dim) {
        float sum = 0.0f;
        for (int64_t i = 0; i < model->dim; i++) sum += x[i] * x[i];
        const float scale = 1.0f / sqrtf(sum / (float)model->dim + model->norm_eps);
        for (int64_t i = 0; i < model->dim; i++) out[i] = x[i] * scale * weight[i];
    }
}

static void run(const Model *model, const Step *step, int thread, Team *team) {
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
                angles[r * model->head_dim + 2 * i] = cosf(angle) * model->attention_factor;
                angles[r * model->head_dim + 2 * i + 1] = sinf(angle) * model->attention_factor;
            }
        }
    meet(team, n_threads);
    for (int64_t l = 0; l < model->n_layers; l++) {
        const Layer *layer = model->layers + l;
        normalize(model, step, x, layer->attention_norm, h);
        multiply(model, step, thread, &layer->attention_in, h, heads, 0, room);
        meet(team, n_threads);
        const int64_t n_units = n * model->n_kv_heads, end = n_units * (thread + 1) / n_threads;
        for (int64_t unit = n_units * thread / n_threads; unit < end; unit++)
            attend(model, step, l, unit / model->n_kv_heads, unit % model->n_kv_heads, heads, angles, mixed, room);
        meet(team, n_threads);
        multiply(model, step, thread, &layer->attention_out, mixed, x, 1, room);
        meet(team, n_threads);
        normalize(model, step, x, layer->ffn_norm, h);
        multiply(model, step, thread, &layer->feed_forward_in, h, gates, 0, room);
        meet(team, n_threads);
        for (int64_t r = 0; r < n; r++)
            for (int64_t i = hidden * thread / n_threads; i < hidden * (thread + 1) / n_threads; i++) {
                const float gate = gates[2 * r * hidden + i];
                active[r * hidden + i] = gate / (1.0f + exponential(-gate)) * gates[(2 * r + 1) * hidden + i];
            }
        meet(team, n_threads);
        multiply(model, step, thread, &layer->feed_forward_out, active, x, 1, room);
        meet(team, n_threads);
    }
    normalize(model, step, x, model->norm, h);
    multiply(model, step, thread, &model->head, h, step->logits, 0, room);
}

void decode(const Model *model, Step *step) {
    Team team = {0, 0, 0};
#pragma omp parallel num_threads((int)step->n_threads)
    {
#pragma omp single
        step->n_threads = omp_get_num_threads(); /* there may be fewer than requested */
        run(model, step, omp_get_thread_num(), &team);
    }
}
