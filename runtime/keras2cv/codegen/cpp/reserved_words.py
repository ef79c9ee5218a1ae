"""Words that a namespace of C++ cannot have."""

from __future__ import annotations

from typing import Final

# Keywords of C++ through C++23.
_KEYWORDS: Final = (
    "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t "
    "char32_t class co_await co_return co_yield compl concept const const_cast consteval constexpr "
    "constinit continue decltype default delete do double dynamic_cast else enum explicit export "
    "extern false float for friend goto if inline int long mutable namespace new noexcept not "
    "not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires "
    "return short signed sizeof static static_assert static_cast struct switch template this "
    "thread_local throw true try typedef typeid typename union unsigned using virtual void "
    "volatile wchar_t while xor xor_eq"
)
# Namespaces that the library itself uses, and macros of compilers and systems in small letters.
_OTHERS: Final = (
    "cv std keras2cv "
    "errno far i386 interface linux major minor near signals slots small stderr stdin stdout unix"
)
RESERVED: Final = frozenset(f"{_KEYWORDS} {_OTHERS}".split())
