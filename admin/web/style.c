/* style.c - the file style.css becomes a part of the program */
#include "admin/web/style.h"

__asm__(".section .rodata\n"
	".global style_css\n"
	"style_css:\n"
	".incbin \"admin/web/style.css\"\n"
	".global style_css_end\n"
	"style_css_end:\n"
	".byte 0\n"
	".previous\n");
