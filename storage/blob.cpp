#include "storage/blob.hpp"

#include "storage/record.hpp"

#include <memory>
#include <zstd.h>

namespace perdure::storage {

using runtime::errc;
using runtime::failure;
using runtime::result;

namespace {

constexpr char as_it_is = 0;
constexpr char compressed = 1;
constexpr std::size_t header_size = 9;

/// The fastest level: the disk is slower than the processor, but not by much.
constexpr int level = 1;

/// Larger content cannot have come from `pack_blob`; do not allocate for it.
constexpr std::uint64_t size_max = std::uint64_t{1} << 32;

struct free_compressor {
  void operator()(ZSTD_CCtx* context) const noexcept {
    ZSTD_freeCCtx(context);
  }
};

/// Compresses into `into` and returns the size, or 0 when it does not fit.
std::size_t compress(std::string_view content, char* into, std::size_t room) {
  // Making a context costs more than compressing a few kilobytes.
  thread_local std::unique_ptr<ZSTD_CCtx, free_compressor> context{
    ZSTD_createCCtx()};
  if (context == nullptr)
    return 0;
  auto size = ZSTD_compressCCtx(context.get(), into, room, content.data(),
                                content.size(), level);
  return ZSTD_isError(size) != 0 ? 0 : size;
}

} // namespace

std::string pack_blob(std::string_view content) {
  std::string packed(header_size + content.size(), '\0');
  store_le64(&packed[1], content.size());
  auto size = compress(content, packed.data() + header_size, content.size());
  if (size > 0 && size < content.size()) {
    packed[0] = compressed;
    packed.resize(header_size + size);
    packed.shrink_to_fit();
  } else {
    packed[0] = as_it_is;
    content.copy(packed.data() + header_size, content.size());
  }
  return packed;
}

result<std::string> unpack_blob(std::string_view packed) {
  if (packed.size() < header_size)
    return failure{errc::storage_corrupt, "blob is shorter than its header"};
  auto form = packed[0];
  auto size = load_le64(packed.data() + 1);
  packed.remove_prefix(header_size);
  if (form == as_it_is && size == packed.size())
    return std::string{packed};
  if (form != compressed || size > size_max)
    return failure{errc::storage_corrupt, "blob has a malformed header"};
  // The frame states the size as well; a bad header must not make us allocate.
  if (ZSTD_getFrameContentSize(packed.data(), packed.size()) != size)
    return failure{errc::storage_corrupt, "blob has another size than stated"};
  std::string content(size, '\0');
  auto got = ZSTD_decompress(content.data(), content.size(), packed.data(),
                             packed.size());
  if (ZSTD_isError(got) != 0 || got != size)
    return failure{errc::storage_corrupt, "blob cannot be decompressed"};
  return content;
}

} // namespace perdure::storage
