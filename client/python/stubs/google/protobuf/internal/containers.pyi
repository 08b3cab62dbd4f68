from abc import ABCMeta
from typing import MutableSequence, TypeVar

T = TypeVar("T")

class RepeatedScalarFieldContainer(MutableSequence[T], metaclass=ABCMeta): ...

class RepeatedCompositeFieldContainer(MutableSequence[T], metaclass=ABCMeta):
    def add(self, **fields: object) -> T: ...
