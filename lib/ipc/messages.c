/* messages.c - the schemas of all records that cross between programs */
#include "ipc/messages.h"

#define IPC_SCHEMA(S, LIST) CODEC_SCHEMA(S, LIST);
IPC_RECORDS(IPC_SCHEMA)
#undef IPC_SCHEMA
