// Arithmetic on blocks of images: a number stands LANES times in a row, once an image.
// Everything is exact on integers; sums may wrap on the way (-fwrapv) where their end is known to fit.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace {

constexpr int LANES = 16;
constexpr int BYTES = 32;

template <class T> struct vector_of { typedef T type __attribute__((vector_size(BYTES), may_alias)); };
template <class T> using vec = typename vector_of<T>::type;
template <class T> constexpr int in_vec = BYTES / int(sizeof(T));
template <class T> constexpr int parts = LANES / in_vec<T>;
template <class V> using element = std::remove_reference_t<decltype(std::declval<V&>()[0])>;

template <class T> inline vec<T> all(T value) { return vec<T>{} + value; }
template <class V> inline V larger(V a, V b) { return a > b ? a : b; }
template <class V> inline V smaller(V a, V b) { return a < b ? a : b; }

// ---- casts ----

template <class V> constexpr int top = 8 * int(sizeof(element<V>)) - 1;
template <class V> constexpr element<V> power(int n) { return element<V>(uint64_t(1) << n); }

template <class V> inline V clip_negative(V x) { return x & ~(x >> top<V>); }
template <int d, class V> inline V round_down(V x) { return x >> d; }
template <int d, class V> inline V round_to_zero(V x) { return (x + ((x >> top<V>) & element<V>(power<V>(d) - 1))) >> d; }
template <int d, class V> inline V round_half_up(V x) { return (x + power<V>(d - 1)) >> d; }
template <int d, class V> inline V round_half_down(V x) { return (x + element<V>(power<V>(d - 1) - 1)) >> d; }
template <int d, class V> inline V round_half_to_zero(V x) {
    return (x + element<V>(power<V>(d - 1) - 1) - (x >> top<V>)) >> d;
}
template <int d, class V> inline V round_half_away(V x) { return (x + power<V>(d - 1) + (x >> top<V>)) >> d; }
template <int d, class V> inline V round_half_even(V x) {
    return (x + element<V>(power<V>(d - 1) - 1) + ((x >> d) & element<V>(1))) >> d;
}
template <long long low, long long high, class V> inline V saturate(V x) {
    return larger(smaller(x, V{} + element<V>(high)), V{} + element<V>(low));
}
template <long long low, long long high, class V> inline V saturate_to_zero(V x) {
    return ((x >= element<V>(low)) & (x <= element<V>(high))) & x;
}
template <int width, class V> inline V wrap(V x) { return (x << (top<V> + 1 - width)) >> (top<V> + 1 - width); }
template <int width, class V> inline V wrap_unsigned(V x) {
    if constexpr (width > top<V>) return x;
    else return x & element<V>(power<V>(width) - 1);
}

// ---- memory ----

template <class V> inline V load(const char* p) { return *reinterpret_cast<const V*>(p); }
template <class V> inline void store(char* p, V x) { *reinterpret_cast<V*>(p) = x; }

// The LANES numbers of one element as lanes of another width, in order.
template <class T> struct Lanes {
    vec<T> part[parts<T>];

    template <class From> static inline Lanes read(const char* p) {
        Lanes x;
        if constexpr (std::is_same_v<T, From>) {
#pragma GCC unroll 8
            for (int i = 0; i < parts<T>; ++i) x.part[i] = load<vec<T>>(p + BYTES * i);
        } else {
            typedef From piece __attribute__((vector_size(in_vec<T> * sizeof(From)), may_alias));
#pragma GCC unroll 8
            for (int i = 0; i < parts<T>; ++i)
                x.part[i] = __builtin_convertvector(*reinterpret_cast<const piece*>(p + sizeof(piece) * i), vec<T>);
        }
        return x;
    }
    template <class To> inline void write(char* p) const {
        if constexpr (std::is_same_v<T, To>) {
#pragma GCC unroll 8
            for (int i = 0; i < parts<T>; ++i) store<vec<T>>(p + BYTES * i, part[i]);
        } else {
            typedef To piece __attribute__((vector_size(in_vec<T> * sizeof(To)), may_alias));
#pragma GCC unroll 8
            for (int i = 0; i < parts<T>; ++i)
                *reinterpret_cast<piece*>(p + sizeof(piece) * i) = __builtin_convertvector(part[i], piece);
        }
    }
};

// ---- sums of products, one output a pass ----

template <class Step, class Table> inline void single_sums(char* arena, const Table& table, int group) {
    using T = typename Step::lane;
    using W = typename Step::weight;
    const int terms = table.terms[group], start = table.start[group];
    const int32_t* offset = table.offset + start;
    const W* weight = table.weight + start;
    const vec<T> bias = all<T>(T(table.bias[group]));
    for (int p = 0; p < Step::pixels; ++p) {
        Lanes<T> best;
        for (int w = 0; w < Step::window; ++w) {
            const char* from = arena + Step::base[p * Step::window + w];
            Lanes<T> sum{};
            for (int t = 0; t < terms; ++t) {
                const Lanes<T> x = Lanes<T>::template read<typename Step::from>(from + offset[t]);
                const vec<T> factor = all<T>(T(weight[t]));
#pragma GCC unroll 8
                for (int i = 0; i < parts<T>; ++i) sum.part[i] += x.part[i] * factor;
            }
#pragma GCC unroll 8
            for (int i = 0; i < parts<T>; ++i) {
                const vec<T> y = (sum.part[i] << Step::shift) + bias;
                best.part[i] = w == 0 ? y : larger(best.part[i], y);
            }
        }
#pragma GCC unroll 8
        for (int i = 0; i < parts<T>; ++i) best.part[i] = Step::finish(best.part[i]);
        best.template write<typename Step::to>(arena + Step::first[p] + Step::stride * group);
    }
}

// ---- sums of products of 16-bit numbers, two terms and up to four outputs at a time ----

using v16 = vec<int16_t>;
using v32 = vec<int32_t>;

// The sixteen 32-bit sums of one output. With AVX2 the lanes are 0-3, 8-11 and 4-7, 12-15, as unpacking leaves them.
struct Sum {
    v32 a, b;
};
struct Pairs {
#ifdef __AVX2__
    v16 a, b;
    inline Pairs(v16 x, v16 y)
        : a(v16(_mm256_unpacklo_epi16(__m256i(x), __m256i(y)))), b(v16(_mm256_unpackhi_epi16(__m256i(x), __m256i(y)))) {}
    inline void add(Sum& sum, int32_t weights) const {
        const __m256i w = _mm256_set1_epi32(weights);
        sum.a += v32(_mm256_madd_epi16(__m256i(a), w));
        sum.b += v32(_mm256_madd_epi16(__m256i(b), w));
    }
#else
    Lanes<int32_t> x, y;
    inline Pairs(v16 first, v16 second)
        : x(Lanes<int32_t>::read<int16_t>(reinterpret_cast<const char*>(&first))),
          y(Lanes<int32_t>::read<int16_t>(reinterpret_cast<const char*>(&second))) {}
    inline void add(Sum& sum, int32_t weights) const {
        const int32_t u = int16_t(weights), v = weights >> 16;
        sum.a += x.part[0] * u + y.part[0] * v;
        sum.b += x.part[1] * u + y.part[1] * v;
    }
#endif
};

template <class To> inline void write(char* p, const Sum& sum) {
#ifdef __AVX2__
    if constexpr (std::is_same_v<To, int16_t>) {
        store<v16>(p, v16(_mm256_packs_epi32(__m256i(sum.a), __m256i(sum.b))));
        return;
    }
    const v32 a = v32(_mm256_permute2x128_si256(__m256i(sum.a), __m256i(sum.b), 0x20));
    const v32 b = v32(_mm256_permute2x128_si256(__m256i(sum.a), __m256i(sum.b), 0x31));
    Lanes<int32_t>{{a, b}}.template write<To>(p);
#else
    Lanes<int32_t>{{sum.a, sum.b}}.template write<To>(p);
#endif
}

template <int G> struct Block {
    Sum s0, s1, s2, s3;

    inline explicit Block(const int32_t* bias) {
        s0.a = s0.b = all(bias[0]);
        if constexpr (G > 1) s1.a = s1.b = all(bias[1]);
        if constexpr (G > 2) s2.a = s2.b = all(bias[2]);
        if constexpr (G > 3) s3.a = s3.b = all(bias[3]);
    }
    inline void add(const char* x, const char* y, const int32_t* weights) {
        const Pairs pairs(load<v16>(x), load<v16>(y));
        pairs.add(s0, weights[0]);
        if constexpr (G > 1) pairs.add(s1, weights[1]);
        if constexpr (G > 2) pairs.add(s2, weights[2]);
        if constexpr (G > 3) pairs.add(s3, weights[3]);
    }
    static inline void raise(Sum& sum, const Sum& other) {
        sum.a = larger(sum.a, other.a);
        sum.b = larger(sum.b, other.b);
    }
    inline void raise(const Block& other) {
        raise(s0, other.s0);
        if constexpr (G > 1) raise(s1, other.s1);
        if constexpr (G > 2) raise(s2, other.s2);
        if constexpr (G > 3) raise(s3, other.s3);
    }
    template <class Step> static inline void finish(char* p, Sum& sum) {
        sum.a = Step::finish(sum.a);
        sum.b = Step::finish(sum.b);
        write<typename Step::to>(p, sum);
    }
    template <class Step> inline void finish(char* p) {
        finish<Step>(p, s0);
        if constexpr (G > 1) finish<Step>(p + Step::stride, s1);
        if constexpr (G > 2) finish<Step>(p + 2 * Step::stride, s2);
        if constexpr (G > 3) finish<Step>(p + 3 * Step::stride, s3);
    }
};

// A group whose terms are in the code itself.
template <class Step, int G, class Terms> inline void unrolled_group(char* arena, const int32_t* weights) {
    // Weights stay in memory: a broadcast from there costs less than a constant made in registers.
    asm("" : "+r"(weights));
    for (int p = 0; p < Step::pixels; ++p) {
        const auto one = [&](int w) {
            const char* from = arena + Step::base[p * Step::window + w];
            Block<G> sums(weights);
            Terms::template add<G>(sums, from, weights + G);
            return sums;
        };
        Block<G> best = one(0);
        for (int w = 1; w < Step::window; ++w) best.raise(one(w));
        best.template finish<Step>(arena + Step::first[p] + Terms::channel * Step::stride);
    }
}

// A group whose terms stand in a table: for each pair of terms two offsets.
template <class Step, int G>
inline void table_group(char* arena, const int32_t* offset, const int32_t* weights, int pairs, int channel) {
    for (int p = 0; p < Step::pixels; ++p) {
        const auto one = [&](int w) {
            const char* from = arena + Step::base[p * Step::window + w];
            Block<G> sums(weights);
            const int32_t* at = weights + G;
            for (int t = 0; t < pairs; ++t, at += G) sums.add(from + offset[2 * t], from + offset[2 * t + 1], at);
            return sums;
        };
        Block<G> best = one(0);
        for (int w = 1; w < Step::window; ++w) best.raise(one(w));
        best.template finish<Step>(arena + Step::first[p] + channel * Step::stride);
    }
}

// ---- inputs ----

enum Fault { FINE = 0, NOT_FINITE = 1, OUT_OF_RANGE = 2, OUTSIDE = 3, NO_MEMORY = 4 };
enum Form { FLOATS = 0, DOUBLES = 1, INTEGERS = 2, SPARSE = 3 };

// Numbers to integers: times a power of two, half to even, saturated. Exact: the product and both bounds are numbers
// of `Real`, and a bound is an integer, so that clipping before rounding is the same as after it.
template <class Port, class Real> inline Real scaled(Real x) {
    x *= Real(Port::scale);
    x = x > Real(Port::high) ? Real(Port::high) : x;
    return x < Real(Port::low) ? Real(Port::low) : x;
}
template <class Port, class Real> inline typename Port::stored quantized(Real x) {
    return typename Port::stored(std::is_same_v<Real, float> ? (long long)__builtin_rintf(scaled<Port>(x))
                                                              : (long long)__builtin_rint(scaled<Port>(x)));
}

#ifdef __AVX2__
typedef int16_t v8h __attribute__((vector_size(16), may_alias));
template <class Port> inline v8h quantized8(const float* x, __m256& bad) {
    __m256 v = _mm256_loadu_ps(x);
    bad = _mm256_or_ps(bad, _mm256_sub_ps(v, v));
    v = _mm256_mul_ps(v, _mm256_set1_ps(float(Port::scale)));
    v = _mm256_max_ps(_mm256_min_ps(v, _mm256_set1_ps(float(Port::high))), _mm256_set1_ps(float(Port::low)));
    const __m256i i = _mm256_cvtps_epi32(v);
    return v8h(_mm_packs_epi32(_mm256_castsi256_si128(i), _mm256_extracti128_si256(i, 1)));
}
inline void transpose8(v8h (&r)[8]) {
    __m128i a[8], b[8];
    for (int i = 0; i < 4; ++i) {
        a[2 * i] = _mm_unpacklo_epi16(__m128i(r[2 * i]), __m128i(r[2 * i + 1]));
        a[2 * i + 1] = _mm_unpackhi_epi16(__m128i(r[2 * i]), __m128i(r[2 * i + 1]));
    }
    for (int i = 0; i < 8; i += 4) {
        b[i] = _mm_unpacklo_epi32(a[i], a[i + 2]);
        b[i + 1] = _mm_unpackhi_epi32(a[i], a[i + 2]);
        b[i + 2] = _mm_unpacklo_epi32(a[i + 1], a[i + 3]);
        b[i + 3] = _mm_unpackhi_epi32(a[i + 1], a[i + 3]);
    }
    for (int i = 0; i < 4; ++i) {
        r[2 * i] = v8h(_mm_unpacklo_epi64(b[i], b[i + 4]));
        r[2 * i + 1] = v8h(_mm_unpackhi_epi64(b[i], b[i + 4]));
    }
}
#endif

template <class Port, class Real> Fault dense(char* arena, const Real* x, int images) {
    const Real* row[LANES];
    for (int l = 0; l < LANES; ++l) row[l] = x + std::ptrdiff_t(l < images ? l : images - 1) * Port::size;
    int e = 0;
    Real strange = 0;
#ifdef __AVX2__
    // 32-bit floats hold every 16-bit number, so the quick way is as exact.
    if constexpr (std::is_same_v<Real, float> && std::is_same_v<typename Port::stored, int16_t>) {
        __m256 bad = _mm256_setzero_ps();
        for (; e + 8 <= Port::size; e += 8)
            for (int half = 0; half < 2; ++half) {
                v8h r[8];
#pragma GCC unroll 8
                for (int l = 0; l < 8; ++l) r[l] = quantized8<Port>(row[8 * half + l] + e, bad);
                transpose8(r);
#pragma GCC unroll 8
                for (int k = 0; k < 8; ++k) *reinterpret_cast<v8h*>(arena + Port::offset[e + k] + 16 * half) = r[k];
            }
        if (_mm256_movemask_ps(_mm256_cmp_ps(bad, _mm256_setzero_ps(), _CMP_NEQ_UQ))) return NOT_FINITE;
    }
#endif
    for (; e < Port::size; ++e) {
        auto* to = reinterpret_cast<typename Port::stored*>(arena + Port::offset[e]);
        for (int l = 0; l < LANES; ++l) {
            strange += row[l][e] - row[l][e];
            to[l] = quantized<Port>(row[l][e]);
        }
    }
    return strange == 0 ? FINE : NOT_FINITE;
}

template <class Port> Fault integers(char* arena, const int64_t* x, int images) {
    bool bad = false;
    for (int e = 0; e < Port::size; ++e) {
        auto* to = reinterpret_cast<typename Port::stored*>(arena + Port::offset[e]);
        for (int l = 0; l < LANES; ++l) {
            const int64_t value = x[std::ptrdiff_t(l < images ? l : images - 1) * Port::size + e];
            bad |= value < Port::lowest || value > Port::highest;
            to[l] = typename Port::stored(value);
        }
    }
    return bad ? OUT_OF_RANGE : FINE;
}

template <class Port> Fault sparse(char* arena, const float* value, const int64_t* offsets, const uint16_t* pixel, int images) {
    float strange = 0;
    for (int l = 0; l < images; ++l)
        for (int64_t k = offsets[l]; k < offsets[l + 1]; ++k) {
            if (pixel[k] >= Port::size) return OUTSIDE;
            const typename Port::real x = value[k];
            strange += value[k] - value[k];
            reinterpret_cast<typename Port::stored*>(arena + Port::offset[pixel[k]])[l] = quantized<Port>(x);
        }
    return strange == 0 ? FINE : NOT_FINITE;
}

template <class Port> void dark(char* arena, const int64_t* offsets, const uint16_t* pixel, int images) {
    for (int l = 0; l < images; ++l)
        for (int64_t k = offsets[l]; k < offsets[l + 1]; ++k)
            reinterpret_cast<typename Port::stored*>(arena + Port::offset[pixel[k]])[l] = 0;
}

template <class Port> Fault read(char* arena, int form, const void* x, const int64_t* offsets, const uint16_t* pixel, int64_t first, int images) {
    const std::ptrdiff_t start = first * Port::size;
    switch (form) {
        case FLOATS:
            if constexpr (std::is_same_v<typename Port::real, float>) return dense<Port>(arena, static_cast<const float*>(x) + start, images);
            else return OUT_OF_RANGE;
        case DOUBLES: return dense<Port>(arena, static_cast<const double*>(x) + start, images);
        case INTEGERS: return integers<Port>(arena, static_cast<const int64_t*>(x) + start, images);
        default: return sparse<Port>(arena, static_cast<const float*>(x), offsets + first, pixel, images);
    }
}

template <class Port> void give(const char* arena, void* out, int64_t first, int images) {
    auto* y = static_cast<typename Port::given*>(out) + first * Port::size;
    for (int e = 0; e < Port::size; ++e) {
        const auto* from = reinterpret_cast<const typename Port::stored*>(arena + Port::offset[e]);
        for (int l = 0; l < images; ++l) y[std::ptrdiff_t(l) * Port::size + e] = typename Port::given(from[l]);
    }
}

}  // namespace
