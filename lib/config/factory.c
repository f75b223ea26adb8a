/*
 * factory.c - the configuration that is installed with the programs
 *
 * The assembler puts the file in, so that nobody has to find it later.
 */
#include "config/factory.h"

__asm__(".pushsection .rodata\n"
	".global factory_begin, factory_end\n"
	"factory_begin:\n"
	".incbin \"conf/postern.yaml\"\n"
	"factory_end:\n"
	".popsection\n");

extern const char factory_begin[], factory_end[];

struct str
factory_config(void)
{
	return (
	    struct str){ factory_begin, (size_t)(factory_end - factory_begin) };
}
