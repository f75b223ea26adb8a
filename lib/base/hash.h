/*
 * hash.h - checksums and keyed hashing
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli); start with 0, chain by passing the last result. */
uint32_t hash_crc32c(uint32_t crc, const void *p, size_t n);

/* SipHash-1-3 under the key of this process. */
uint64_t hash_sip(const void *p, size_t n);
/* ... under a given key: where several processes must agree. */
uint64_t hash_sip_key(const uint64_t key[2], const void *p, size_t n);

#endif
