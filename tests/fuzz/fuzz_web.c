/*
 * fuzz_web.c - a request says the same however it is cut; forms, cookies and
 * texts of it never leave their place, and no text becomes markup
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "admin/web/form.h"
#include "admin/web/html.h"
#include "admin/web/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_cuts(struct str in, enum http_state whole, const struct http_request *w)
{
	enum http_state first = HTTP_MORE;
	struct http_request part;

	for (size_t n = 0; n <= in.n && first == HTTP_MORE; n++)
		first = http_parse(str_sub(in, 0, n), &part);
	if (first != whole || part.status != w->status || part.size != w->size)
		abort();
}

static void
check_form(struct str form)
{
	char value[40];
	struct buf b;

	if (form_get(form, "a", value, sizeof(value)) &&
	    !str_valid_utf8(str_of(value)))
		abort();
	buf_init(&b, 1 << 20);
	html(&b, "%.*s", STR_ARG(form));
	if (!str_valid_utf8(buf_str(&b)) ||
	    str_find(buf_str(&b), '<') < b.len ||
	    str_find(buf_str(&b), '"') < b.len)
		abort();
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	char user[20], pass[20];
	struct http_request r;
	enum http_state state = http_parse(in, &r);

	if (state == HTTP_WHOLE && (r.size > size || r.size == 0))
		abort();
	if (size <= 512)
		check_cuts(in, state, &r);
	check_form(in);
	if (state != HTTP_WHOLE)
		return 0;
	check_form(r.body);
	check_form(r.query);
	form_cookie(r.cookie, "a");
	form_basic(r.authorization, user, sizeof(user), pass, sizeof(pass));
	return 0;
}
