"""What the networks say about the test jets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow import keras

from data_prep.store.jet_images import ImageDataset
from models.metrics.taggers import softmax
from models.training.batches import Feed

_BATCH = 4096


def truth(dataset: ImageDataset, split: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Labels uint8 [jets] and event weights float32 [jets] of a split, in its order."""
    batches = [(batch.label, batch.weight) for batch in dataset.split(split).batches(1 << 16)]
    return np.concatenate([label for label, _ in batches]), np.concatenate([weight for _, weight in batches])


def predict(model: keras.Model, dataset: ImageDataset, split: str) -> npt.NDArray[np.float32]:
    """Scores float32 [jets, classes] of a split in its order: the softmax of the network's logits.

    Raises:
        InputFileError: a damaged file.
    """
    feed = Feed(dataset.split(split), _BATCH)
    signature = [tf.TensorSpec((None, *dataset.shape), tf.float32)]
    call = tf.function(lambda images: model(images, training=False), input_signature=signature)
    try:
        logits = [call(images).numpy() for images, _, _ in feed.dataset(dataset.shape)]
    except tf.errors.OpError:
        feed.check()
        raise
    return softmax(np.concatenate(logits))
