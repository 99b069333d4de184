// The reference vectors of a model: one vector a line, raw integers.
#ifndef VECTORS_H_
#define VECTORS_H_

#include <fstream>
#include <stdexcept>
#include <string>

template <class T> void put(T &value, long long raw) { value.range() = raw; }

template <class T> long long get(const T &value, bool is_signed) {
    const unsigned long long bits = value.range().to_uint64();
    const int unused = 64 - T::width;
    return is_signed ? (long long)(bits << unused) >> unused : (long long)bits;
}

class Vectors {
  public:
    explicit Vectors(const std::string &path) : file_(path), path_(path) {
        if (!file_) fail("cannot be read");
    }

    // False at the end of the file.
    template <class Array> bool read(Array &values) {
        long long raw;
        for (auto &value : values) {
            if (!(file_ >> raw)) {
                if (&value != &values[0] || !file_.eof()) fail("ends inside of a vector");
                return false;
            }
            put(value, raw);
        }
        return true;
    }

    [[noreturn]] void fail(const std::string &what) { throw std::runtime_error(path_ + ": " + what); }

  private:
    std::ifstream file_;
    std::string path_;
};

#endif
