/* conserve.c - how much clients are held back when something runs short */
#include "master/conserve.h"

#define SLACK 3 /* points */

static unsigned of_one(unsigned before, const struct pressure *);

unsigned
conserve_degree(
    unsigned before, const struct pressure *p, size_t n, size_t *worst)
{
	unsigned degree = 0;

	*worst = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned one = of_one(before, &p[i]);

		if (one > degree) {
			degree = one;
			*worst = i;
		}
	}
	return degree;
}

static unsigned
of_one(unsigned before, const struct pressure *p)
{
	double share = (p->use - p->start) / (p->halt - p->start);
	unsigned degree = 0;

	if (p->use >= p->halt ||
	    (before == CONSERVE_HALT && p->use >= p->halt - SLACK))
		return CONSERVE_HALT;
	if (share > 0) {
		degree = (unsigned)(share * CONSERVE_DELAY_MAX);
		degree += degree < share * CONSERVE_DELAY_MAX;
	}
	if (degree == 0 && before > 0 && p->use >= p->start - SLACK)
		degree = 1;
	return degree;
}
