/* The red-black tree behind std::map and std::set: what libstdc++ keeps in its archive. Layout and names are those of
 * its header bits/stl_tree.h; the algorithms are those of Cormen, Leiserson, Rivest and Stein, 13.
 *
 *   header   parent = root, child[0] = leftmost, child[1] = rightmost; red, so that it is told from a root */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RED 0u
#define BLACK 1u

struct node {
  uint32_t color;
  struct node *parent, *child[2];
};

static bool is_black(const struct node *node) { return node == NULL || node->color == BLACK; }

/* The node farthest towards `side`. */
static struct node *farthest(struct node *node, int side) {
  while (node->child[side] != NULL) {
    node = node->child[side];
  }
  return node;
}

/* Puts `now` where `old` hangs. */
static void replace(struct node *old, struct node *now, struct node *header) {
  if (header->parent == old) {
    header->parent = now;
  } else {
    old->parent->child[old == old->parent->child[1]] = now;
  }
}

/* `node` goes down towards `side`, its other child takes its place. */
static void rotate(struct node *node, int side, struct node *header) {
  struct node *up = node->child[!side];
  node->child[!side] = up->child[side];
  if (up->child[side] != NULL) {
    up->child[side]->parent = node;
  }
  up->parent = node->parent;
  replace(node, up, header);
  up->child[side] = node;
  node->parent = up;
}

/* The neighbour in order towards `side`. */
static struct node *next(struct node *node, int side) {
  if (node->child[side] != NULL) {
    return farthest(node->child[side], !side);
  }
  struct node *parent = node->parent;
  while (node == parent->child[side]) {
    node = parent;
    parent = parent->parent;
  }
  return node->child[side] == parent ? node : parent;
}

struct node *bw_tree_increment(struct node *node) __asm__("_ZSt18_Rb_tree_incrementPSt18_Rb_tree_node_base");
struct node *bw_tree_increment(struct node *node) { return next(node, 1); }

struct node *bw_tree_increment_const(struct node *node) __asm__("_ZSt18_Rb_tree_incrementPKSt18_Rb_tree_node_base");
struct node *bw_tree_increment_const(struct node *node) { return next(node, 1); }

/* The end, which is the header, comes after the rightmost. */
static struct node *previous(struct node *node) {
  return node->color == RED && node->parent->parent == node ? node->child[1] : next(node, 0);
}

struct node *bw_tree_decrement(struct node *node) __asm__("_ZSt18_Rb_tree_decrementPSt18_Rb_tree_node_base");
struct node *bw_tree_decrement(struct node *node) { return previous(node); }

struct node *bw_tree_decrement_const(struct node *node) __asm__("_ZSt18_Rb_tree_decrementPKSt18_Rb_tree_node_base");
struct node *bw_tree_decrement_const(struct node *node) { return previous(node); }

void bw_tree_insert(bool left, struct node *node, struct node *parent, struct node *header) __asm__(
    "_ZSt29_Rb_tree_insert_and_rebalancebPSt18_Rb_tree_node_baseS0_RS_");
void bw_tree_insert(bool left, struct node *node, struct node *parent, struct node *header) {
  *node = (struct node){RED, parent, {NULL, NULL}};
  if (parent == header) {
    header->parent = header->child[0] = header->child[1] = node;
  } else {
    const int side = !left;
    parent->child[side] = node;
    if (parent == header->child[side]) {
      header->child[side] = node;
    }
  }
  while (node != header->parent && node->parent->color == RED) {
    struct node *up = node->parent->parent;
    const int side = node->parent == up->child[1];
    struct node *uncle = up->child[!side];
    if (!is_black(uncle)) {
      node->parent->color = uncle->color = BLACK;
      up->color = RED;
      node = up;
      continue;
    }
    if (node == node->parent->child[!side]) {
      node = node->parent;
      rotate(node, side, header);
    }
    node->parent->color = BLACK;
    up->color = RED;
    rotate(up, !side, header);
  }
  header->parent->color = BLACK;
}

/* A black node is missing on the way to `node` below `parent`. */
static void mend(struct node *node, struct node *parent, struct node *header) {
  while (node != header->parent && is_black(node)) {
    const int side = node != parent->child[0];
    struct node *sibling = parent->child[!side];
    if (sibling->color == RED) {
      sibling->color = BLACK;
      parent->color = RED;
      rotate(parent, side, header);
      sibling = parent->child[!side];
    }
    if (is_black(sibling->child[0]) && is_black(sibling->child[1])) {
      sibling->color = RED;
      node = parent;
      parent = node->parent;
      continue;
    }
    if (is_black(sibling->child[!side])) {
      sibling->child[side]->color = BLACK;
      sibling->color = RED;
      rotate(sibling, !side, header);
      sibling = parent->child[!side];
    }
    sibling->color = parent->color;
    parent->color = BLACK;
    sibling->child[!side]->color = BLACK;
    rotate(parent, side, header);
    break;
  }
  if (node != NULL) {
    node->color = BLACK;
  }
}

/* @return the node that is out of the tree: the one given */
struct node *bw_tree_erase(struct node *node, struct node *header) __asm__(
    "_ZSt28_Rb_tree_rebalance_for_erasePSt18_Rb_tree_node_baseRS_");
struct node *bw_tree_erase(struct node *node, struct node *header) {
  struct node *child;
  struct node *parent = node->parent;
  uint32_t lost = node->color;
  for (int side = 0; side < 2; side++) {
    if (header->child[side] == node) {
      header->child[side] = node->child[!side] == NULL ? parent : farthest(node->child[!side], side);
    }
  }
  if (node->child[0] != NULL && node->child[1] != NULL) {
    struct node *heir = farthest(node->child[1], 0);
    lost = heir->color;
    child = heir->child[1];
    parent = heir->parent;
    if (parent == node) {
      parent = heir;
    } else {
      parent->child[0] = child;
      if (child != NULL) {
        child->parent = parent;
      }
      heir->child[1] = node->child[1];
      heir->child[1]->parent = heir;
    }
    heir->child[0] = node->child[0];
    heir->child[0]->parent = heir;
    heir->color = node->color;
    heir->parent = node->parent;
    replace(node, heir, header);
  } else {
    child = node->child[node->child[0] == NULL];
    if (child != NULL) {
      child->parent = parent;
    }
    replace(node, child, header);
  }
  if (lost == BLACK) {
    mend(child, parent, header);
  }
  return node;
}
