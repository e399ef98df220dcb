/* The ring behind std::list: what libstdc++ keeps in its archive. Layout and names: its header bits/stl_list.h. */

struct node {
  struct node *next, *previous;
};

void bw_list_hook(struct node *node, struct node *before) __asm__("_ZNSt8__detail15_List_node_base7_M_hookEPS0_");
void bw_list_hook(struct node *node, struct node *before) {
  node->next = before;
  node->previous = before->previous;
  before->previous->next = node;
  before->previous = node;
}

void bw_list_unhook(struct node *node) __asm__("_ZNSt8__detail15_List_node_base9_M_unhookEv");
void bw_list_unhook(struct node *node) {
  node->next->previous = node->previous;
  node->previous->next = node->next;
}

/* Moves [first, last) in front of `before`. */
void bw_list_transfer(struct node *before, struct node *first, struct node *last) __asm__(
    "_ZNSt8__detail15_List_node_base11_M_transferEPS0_S1_");
void bw_list_transfer(struct node *before, struct node *first, struct node *last) {
  if (before == last) {
    return;
  }
  struct node *end = last->previous;
  struct node *ahead = before->previous;
  first->previous->next = last;
  last->previous = first->previous;
  ahead->next = first;
  first->previous = ahead;
  end->next = before;
  before->previous = end;
}

void bw_list_reverse(struct node *node) __asm__("_ZNSt8__detail15_List_node_base10_M_reverseEv");
void bw_list_reverse(struct node *node) {
  struct node *at = node;
  do {
    struct node *next = at->next;
    at->next = at->previous;
    at->previous = next;
    at = next;
  } while (at != node);
}

/* What a ring's node `from` holds, `to` holds from now on. */
static void adopt(struct node *to, struct node ring, const struct node *from) {
  if (ring.next == from) {
    to->next = to->previous = to;
    return;
  }
  *to = ring;
  to->next->previous = to->previous->next = to;
}

void bw_list_swap(struct node *a, struct node *b) __asm__("_ZNSt8__detail15_List_node_base4swapERS0_S1_");
void bw_list_swap(struct node *a, struct node *b) {
  const struct node old_a = *a;
  const struct node old_b = *b;
  adopt(b, old_a, a);
  adopt(a, old_b, b);
}
