/*
 * machine.h - what this installation is called
 */
#ifndef ADMIN_MACHINE_H
#define ADMIN_MACHINE_H

#define MACHINE_PRODUCT "Postern Mail Gateway"
#define MACHINE_MODEL   "PST-V"
#define MACHINE_SERIAL  64

/* The recorder made it at the first start; "" before that. */
void machine_serial(const char *log_folder, char out[MACHINE_SERIAL]);

#endif
