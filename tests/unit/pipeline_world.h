/*
 * pipeline_world.h - a configuration and a run of the pipeline, for tests
 */
#ifndef UNIT_PIPELINE_WORLD_H
#define UNIT_PIPELINE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/load.h"
#include "config/pack.h"
#include "pipeline/address.h"
#include "pipeline/pipeline.h"

struct world {
	struct config *config;
	struct arena mem;
	struct facts facts;
	struct subject subject;
	struct pipeline_run run;
	enum fact_id needs; /* FACT_N: nothing */
	struct note notes[256];
	size_t n_notes;
	unsigned bypass;
	struct str bounce_profile, gateway, warning;
};

/* A table of addresses. */
struct world_file {
	const char *name, *text; /* "tables/aliases" */
};

static inline struct config *
world_config_with(const char *yaml, const struct world_file *v, size_t n)
{
	struct bundle b;
	struct buf packed;
	struct err err = ERR_INIT;
	struct config *c;

	pack_begin(&packed);
	pack_file(&packed, STR("postern.yaml"), str_of(yaml));
	for (size_t i = 0; i < n; i++)
		pack_file(&packed, str_of(v[i].name), str_of(v[i].text));
	assert_int_equal(pack_end(&packed, &b, &err), 0);
	c = config_load_simple(&b, 1, &err);
	bundle_free(&b);
	if (c == NULL)
		fail_msg("configuration: %s", err.text);
	return c;
}

static inline struct config *
world_config(const char *yaml)
{
	return world_config_with(yaml, NULL, 0);
}

static inline void
world_begin(struct world *w, struct config *config, const char *listener)
{
	*w = (struct world){ .config = config };
	arena_init(&w->mem, 4 << 20);
	w->subject.config = config;
	w->subject.listener = config_listener(config, str_of(listener));
	assert_non_null(w->subject.listener);
	w->facts.connections = w->facts.listener_connections = 1;
	w->facts.total_connections = 1;
	fact_set(&w->facts, FACT_CONNECTIONS, FACT_KNOWN, FACT_GIVEN);
}

static inline void
world_end(struct world *w)
{
	arena_free(&w->mem);
}

/* The configuration of a file's tests; its setup makes it. */
static struct config *config;

static inline int
world_teardown(void **state)
{
	(void)state;
	config_unref(&config);
	return 0;
}

static inline void
world_applied(void *arg, const struct stage *stage, const struct stage_out *out)
{
	struct world *w = arg;

	(void)stage;
	for (size_t i = 0; i < out->n_notes; i++)
		w->notes[w->n_notes++] = out->notes[i];
	for (size_t i = 0; i < out->n_effects; i++) {
		if (out->effects[i].kind == EFFECT_BYPASS)
			w->bypass |= out->effects[i].bypass;
		if (out->effects[i].kind == EFFECT_BOUNCE_PROFILE)
			w->bounce_profile = out->effects[i].name;
		if (out->effects[i].kind == EFFECT_GATEWAY)
			w->gateway = out->effects[i].name;
		if (out->effects[i].kind == EFFECT_WARNING)
			w->warning = out->effects[i].text;
	}
}

/* One point, until it is done or needs a fact. */
static inline enum pipeline_answer
world_run(struct world *w, enum stage_point point)
{
	struct needs needs = { .n = 0 };
	enum pipeline_answer answer;

	w->n_notes = 0;
	pipeline_begin(&w->run, point);
	answer = pipeline_run(&w->run, &w->subject, &w->facts, &w->mem, true,
	    world_applied, w, &needs);
	w->needs = needs.n > 0 ? needs.v[0].id : FACT_N;
	return answer;
}

static inline const struct note *
world_note(const struct world *w, enum note_kind kind)
{
	for (size_t i = 0; i < w->n_notes; i++) {
		if (w->notes[i].kind == kind)
			return &w->notes[i];
	}
	return NULL;
}

/* "verified", "nx.domain" ...; "": not known; else the name, verified. */
static inline void
world_host(struct world *w, const char *host)
{
	static const enum host_class classes[] = { HOST_NX, HOST_SERVFAIL,
		HOST_NOT_CONFIRMED };

	if (*host == '\0')
		return;
	fact_set(&w->facts, FACT_HOST, FACT_KNOWN, FACT_GIVEN);
	w->facts.host_class = HOST_VERIFIED;
	w->facts.host = str_of(host);
	for (size_t i = 0; i < NELEM(classes); i++) {
		if (strcmp(host, host_class_name(classes[i])) != 0)
			continue;
		w->facts.host_class = classes[i];
		w->facts.host = STR("");
	}
}

#endif
