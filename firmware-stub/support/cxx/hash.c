/* How the tables of std::unordered_map and its kin grow, and the hash of std::string: what libstdc++ keeps in its
 * archive. Layout and names: its headers bits/hashtable_policy.h and bits/hash_bytes.h. The hash is MurmurHash2. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct policy {
  float max_load;
  size_t next_resize; /* elements from which on the table has to grow */
};
struct rehash {
  bool needed;
  size_t buckets;
};

#define FIRST_ELEMENTS 11u
#define GROWTH 2u

static bool is_prime(size_t number) {
  for (size_t factor = 2; factor <= number / factor; factor++) {
    if (number % factor == 0) {
      return false;
    }
  }
  return true;
}

size_t bw_next_buckets(struct policy *policy, size_t least) __asm__(
    "_ZNKSt8__detail20_Prime_rehash_policy11_M_next_bktEj");
size_t bw_next_buckets(struct policy *policy, size_t least) {
  size_t buckets = least < 2u ? 2u : least;
  while (!is_prime(buckets)) {
    buckets++;
  }
  policy->next_resize = (size_t)((float)buckets * policy->max_load);
  return buckets;
}

struct rehash bw_need_rehash(struct policy *policy, size_t buckets, size_t elements, size_t more) __asm__(
    "_ZNKSt8__detail20_Prime_rehash_policy14_M_need_rehashEjjj");
struct rehash bw_need_rehash(struct policy *policy, size_t buckets, size_t elements, size_t more) {
  size_t wanted = elements + more;
  if (wanted <= policy->next_resize) {
    return (struct rehash){false, 0};
  }
  if (policy->next_resize == 0 && wanted < FIRST_ELEMENTS) {
    wanted = FIRST_ELEMENTS;
  }
  const size_t least = (size_t)((float)wanted / policy->max_load);
  if (least < buckets) {
    policy->next_resize = (size_t)((float)buckets * policy->max_load);
    return (struct rehash){false, 0};
  }
  const size_t grown = buckets * GROWTH;
  return (struct rehash){true, bw_next_buckets(policy, least + 1u > grown ? least + 1u : grown)};
}

size_t bw_hash_bytes(const uint8_t *bytes, size_t length, size_t seed) __asm__("_ZSt11_Hash_bytesPKvjj");
size_t bw_hash_bytes(const uint8_t *bytes, size_t length, size_t seed) {
  const uint32_t mix = 0x5bd1e995u;
  uint32_t hash = seed ^ length;
  for (; length >= 4u; length -= 4u, bytes += 4) {
    uint32_t word = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    word *= mix;
    word ^= word >> 24;
    hash = (hash * mix) ^ (word * mix);
  }
  if (length != 0) {
    for (uint32_t i = 0; i < length; i++) {
      hash ^= (uint32_t)bytes[i] << (8u * i);
    }
    hash *= mix;
  }
  hash = (hash ^ hash >> 13) * mix;
  return hash ^ hash >> 15;
}
