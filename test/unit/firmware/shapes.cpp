// Types of every kind, as firmware has them: declare-types.test.ts has them declared from debug information.
#include <cstdint>
#include <array>
#include <string>
#include <vector>
#include <optional>
namespace app {
enum class Mode : std::uint8_t { Off, On = 4 };
enum Plain { Low = -1, High = 200 };
struct Base { int id; virtual int kind() const; virtual ~Base(); };
int Base::kind() const { return id; }
Base::~Base() {}
class Derived : public Base {
 public:
  struct Inner { short a; Mode mode; };
  enum { Limit = 7 };
  typedef int (*Callback)(const Inner &, void *);
  int kind() const override;
  static int made;
  int add(int a, int b);
  bool operator<(const Derived &other) const;
 private:
  Inner inner_[2];
  Callback callback_;
  unsigned flags_ : 3, more_ : 5;
  signed char : 0;
  std::int16_t tail_;
  union { float f; std::uint32_t u; };
  struct { int x, y; } pos_[2];
};
int Derived::made = 3;
int Derived::kind() const { return 2; }
int Derived::add(int a, int b) { return a + b + inner_[0].a; }
bool Derived::operator<(const Derived &o) const { return id < o.id; }
template <class T, unsigned N> struct Ring { T items[N]; unsigned head; T *next; };
struct Node { Node *next; struct Other *other; Ring<Node *, 3> ring; };
struct Other { Node node; int Derived::*member; int (Derived::*method)(int, int); };
struct __attribute__((packed)) Wire { std::uint8_t kind; std::uint32_t value; std::uint16_t crc; };
struct alignas(16) Big { char c; };
struct Empty {};
struct WithEmpty : Empty { int v; };
struct V1 : virtual Base { int z; };
Derived derived;
Node node;
Other other;
Wire wire;
Big big;
WithEmpty with_empty;
V1 v1;
std::array<Mode, 3> modes{};
std::vector<Wire> wires;
std::string text("a");
std::optional<Plain> maybe;
namespace { int hidden = 4; struct Hidden { int q; } hidden_struct; }
static volatile const Plain *plain_pointer;
int (*table[2][3])(char, Derived &);
const char *const names[] = {"a", "b"};
int &ref = hidden;
bool ok; wchar_t wide; char16_t c16; long long ll; double d; long double ld;
inline namespace v2 { struct Versioned { int n; } versioned; }
int use() { return hidden + hidden_struct.q + (plain_pointer != nullptr); }
int overload(int a) { return a; }
double overload(double a, const std::vector<Wire> &w) { return a + w.size(); }
void take(Hidden h) { hidden = h.q; }
Derived make() { return derived; }
}
static int same = 1;
int get_same() { return same++; }
